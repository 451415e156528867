// The first page's filter, kept in the address; sorting; keys; how old the last data is now.
"use strict";
const form = document.getElementById("filter"), found = document.getElementById("found"), all = document.getElementById("all");
const names = [...form.elements].map(each => each.name).filter(Boolean);
const text = node => node ? node.textContent : "";
const rows = [...all.tBodies[0].rows].map(row => ({
  row, id: row.dataset.of, words: row.textContent.toLowerCase(),
  host: text(row.cells[1]), device: text(row.querySelector("b")), stack: text(row.cells[3]),
  workload: text(row.querySelector("i")), metric: text(row.cells[2]),
}));
const changes = [...document.querySelectorAll("table.cards")].map(table => {
  const nothing = document.createElement("p");
  nothing.textContent = "None of it is of the series chosen.";
  table.parentElement.after(nothing);
  return {place: table.parentElement, nothing, rows: [...table.tBodies[0].rows]};
});
let chosen = -1;

function show() {
  const asked = Object.fromEntries(names.map(name => [name, form.elements[name].value]));
  const words = asked.words.toLowerCase().split(/\s+/).filter(Boolean);
  const exact = names.filter(name => name !== "words" && asked[name]);
  const kept = new Set();
  for (const each of rows) {
    const fits = exact.every(name => each[name] === asked[name]) && words.every(word => each.words.includes(word));
    each.row.hidden = !fits;
    if (fits) kept.add(each.id);
  }
  const any = exact.length || words.length;
  for (const each of changes) {
    for (const row of each.rows) row.hidden = Boolean(any) && !kept.has(row.dataset.of);
    each.place.hidden = each.rows.every(row => row.hidden);
    each.nothing.hidden = !each.place.hidden;
  }
  found.textContent = `${kept.size} of ${rows.length} series`;
  choose(-1);
}
function keep() {
  const asked = new URLSearchParams();
  for (const name of names) if (form.elements[name].value) asked.set(name, form.elements[name].value);
  history.replaceState(null, "", "#" + asked);
  show();
}
function read() {
  const asked = new URLSearchParams(location.hash.slice(1));
  form.reset();
  for (const name of names) if (asked.has(name)) form.elements[name].value = asked.get(name);
  show();
}
function choose(number) {
  const shown = rows.filter(each => !each.row.hidden);
  for (const each of rows) each.row.classList.remove("chosen");
  chosen = Math.min(number, shown.length - 1);
  if (chosen < 0) return;
  shown[chosen].row.classList.add("chosen");
  shown[chosen].row.querySelector("a").focus({preventScroll: true});
  shown[chosen].row.scrollIntoView({block: "nearest"});
}
const keys = {
  "/": event => { event.preventDefault(); form.elements.words.focus(); },
  j: () => choose(chosen + 1), k: () => choose(Math.max(0, chosen - 1)),
  Escape: () => { form.reset(); keep(); document.activeElement.blur(); },
};
addEventListener("keydown", event => {
  const typing = event.target.matches("input, select, textarea") && event.key !== "Escape";
  if (!typing && !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key]) keys[event.key](event);
});
form.addEventListener("input", keep);
form.addEventListener("submit", event => event.preventDefault());
form.addEventListener("reset", () => setTimeout(keep));
addEventListener("hashchange", read);

function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach(each => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const value = row => { const said = text(row.cells[column]), number = parseFloat(said.replace("+", "").replace("−", "-")); return /^\d{4}-/.test(said) || isNaN(number) ? said : number; };
      const sorted = [...table.tBodies[0].rows].map(row => [value(row), row]).sort(([one], [other]) =>
        (typeof one === typeof other ? (one > other) - (one < other) : typeof one === "number" ? -1 : 1) * (down ? -1 : 1));
      table.tBodies[0].append(...sorted.map(([, row]) => row));
    });
  });
}
document.querySelectorAll("table.filtered").forEach(sortable);

const last = document.querySelector("#last time"), age = document.getElementById("age");
if (last) {
  const seconds = (Date.now() - Date.parse(last.dateTime)) / 1000, days = Math.floor(seconds / 86400);
  if (seconds > 0) {
    const hours = Math.floor(seconds / 3600), count = days || hours, old = seconds > Number(last.dataset.oldAfter);
    age.textContent = `${count} ${days ? "day" : "hour"}${count === 1 ? "" : "s"} ago${old ? ": old" : ""}`;
    last.closest("div").classList.toggle("amiss", old);
  }
}
form.hidden = false;
read();
