// Draws a series' table of nights by uPlot, in the place of the still picture: zoom, a cursor that says what it is on.
"use strict";
const figure = document.getElementById("chart"), sides = document.getElementById("sides"), tools = document.getElementById("tools");
const day = 86400, unit = figure ? figure.dataset.unit : "";
const letters = {regression: "▼", improvement: "▲", missing: "∅", constant: "=", implausible: "?", environment: "⟳", annotation: "✎"};
const colours = {regression: "worse", missing: "worse", constant: "worse", implausible: "worse", improvement: "better", annotation: "note"};

function nights() {
  const table = document.getElementById("values"), kinds = [...table.tHead.rows[0].cells].map(head => head.dataset.kind);
  const number = text => text ? parseFloat(text) : null;
  return [...table.tBodies[0].rows].map(row => {
    const cells = Object.fromEntries([...row.cells].map((cell, at) => [kinds[at], cell.textContent.trim()]));
    const night = row.cells[0].textContent.trim(), again = row.classList.contains("again");
    const [low, high] = (cells.interval || "").split(" to ").map(number);
    return {
      night, again, x: Date.parse(night) / 1000 + (again ? day / 2 : 0), value: number(cells.value), low, high: high ?? null,
      interval: cells.interval, candidate: number(cells.candidate), baseline: number(cells.baseline), note: cells.note,
      marks: (row.dataset.marks || "").split(" ").filter(Boolean), report: (row.querySelector("a") || {}).href,
    };
  }).filter(each => !isNaN(each.x)).sort((one, other) => one.x - other.x);
}

const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
function marks(chart) {
  const {ctx, bbox} = chart, ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${12 * ratio}px sans-serif`;
  ctx.textAlign = "center";
  for (const each of every) for (const mark of each.marks) {
    const x = Math.round(chart.valToPos(each.x, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = colour(colours[mark] || "muted");
    ctx.lineWidth = 1.5 * ratio;
    ctx.setLineDash(mark === "environment" ? [6 * ratio, 4 * ratio] : mark === "annotation" ? [2 * ratio, 3 * ratio] : []);
    ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    ctx.fillText(letters[mark], x, bbox.top - 4 * ratio);
  }
  ctx.restore();
}
function dates(_chart, splits, _axis, _space, step) {
  const texts = splits.map(seconds => new Date(seconds * 1000).toISOString());
  return texts.map((text, at) => step >= 28 * day ? text.slice(0, 7) : at && text.slice(0, 4) === texts[at - 1].slice(0, 4) ? text.slice(5, 10) : text.slice(0, 10));
}
function options(height, label, series) {
  const font = "12px " + getComputedStyle(document.body).fontFamily, grid = {stroke: colour("grid"), width: 1};
  const axis = {stroke: colour("muted"), font, grid, ticks: grid};
  return {
    width: figure.clientWidth, height, series: [{}, ...series], legend: {show: false}, tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    axes: [{...axis, values: dates, space: 80}, {...axis, size: 70, label, labelFont: font, labelSize: label ? 22 : 0}], padding: [18, 32, 0, 0],
    scales: {y: {range: (_chart, low, high) => { const room = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1; return [low - room, high + room]; }}},
    cursor: {points: {size: 9}, drag: {x: true, y: false}, sync: {key: "nights"}},
    hooks: {drawClear: [marks], setCursor: [chart => say(every[chart.cursor.idx])], setScale: [follow, note]},
  };
}
const begins = each => each.marks.some(mark => ["regression", "improvement", "implausible", "environment"].includes(mark));
function levels() {
  const found = [], median = values => values.sort((one, other) => one - other)[values.length >> 1];
  for (let at = 0; at < every.length;) {
    let end = at + 1;
    while (end < every.length && !begins(every[end])) end++;
    const there = every.slice(at, end).filter(each => !each.again && each.value !== null).map(each => each.value);
    const level = there.length ? median(there) : null;
    // The night before a change ends its level, so that no line slopes from one to the next.
    for (; at < end; at++) found.push(at === end - 1 && end < every.length && end - 1 > 0 ? null : level);
  }
  return found;
}
function draw() {
  const line = {stroke: colour("line"), width: 1.5}, bound = {stroke: "transparent", points: {show: false}};
  // A gap is where a night was to be measured and was not; fresh boots are no part of the line.
  const data = [every.map(each => each.x)], series = [], bands = [];
  if (every.some(each => each.high !== null)) {
    series.push(bound, bound);
    data.push(every.map(each => each.high), every.map(each => each.low ?? null));
    bands.push({series: [1, 2], fill: colour("grid")});
  }
  if (every.some(begins)) {
    series.push({stroke: colour("ink"), width: 2, points: {show: false}});
    data.push(levels());
  }
  series.push({...line, points: {show: every.length < 120, size: 5}}, {...line, paths: () => null, points: {show: true, size: 8, fill: colour("paper")}});
  data.push(every.map(each => each.again ? undefined : each.value), every.map(each => each.again ? each.value : null));
  return new uPlot({...options(320, unit === "x" ? "ratio" : unit, series), bands}, data, place);
}
function drawSides() {
  if (!sides) return null;
  const over = name => {
    const there = every.map(each => each[name]).filter(value => value !== null).sort((one, other) => one - other);
    const middle = there[there.length >> 1];
    return every.map(each => each.again ? undefined : each[name] === null ? null : each[name] / middle);
  };
  sides.hidden = false;
  const lines = [{stroke: colour("line"), width: 1.5, points: {show: false}}, {stroke: colour("worse"), width: 1.5, dash: [5, 3], points: {show: false}}];
  return new uPlot(options(200, "of its median", lines), [every.map(each => each.x), over("candidate"), over("baseline")], below);
}

const place = document.createElement("div"), below = document.createElement("div"), said = document.createElement("p");
let chart = null, second = null, at = null, every = [], following = false;

function follow(moved, scale) {
  const other = moved === chart ? second : chart;
  if (scale !== "x" || following || !chart || !second) return;
  following = true;
  other.setScale("x", {min: moved.scales.x.min, max: moved.scales.x.max});
  following = false;
}
// The nights that are looked at stand in the address, as a permalink.
const date = seconds => new Date(seconds * 1000).toISOString().slice(0, 10);
let noted = null;
function note(moved, scale) {
  if (scale !== "x" || moved !== chart) return;
  clearTimeout(noted);
  const {min, max} = moved.scales.x, whole = min <= every[0].x && max >= every.at(-1).x;
  noted = setTimeout(() => history.replaceState(null, "", whole ? location.pathname : `#from=${date(min)}&to=${date(max)}`), 300);
}
function read() {
  const asked = new URLSearchParams(location.hash.slice(1)), from = Date.parse(asked.get("from")) / 1000, to = Date.parse(asked.get("to")) / 1000;
  if (from < to) look(from, to);
}
function say(night) {
  if (!night) return;
  const value = night.value === null ? "not measured" : `${night.value}${unit === "x" || !unit ? unit : " " + unit}`;
  said.textContent = [night.night + (night.again ? " (again)" : ""), value, night.interval && `95 %: ${night.interval}`, night.note].filter(Boolean).join(" · ");
  if (night.report) {
    const link = document.createElement("a");
    link.href = night.report;
    link.textContent = "report";
    said.append(" · ", link);
  }
}
function redraw() {
  const scale = chart && {min: chart.scales.x.min, max: chart.scales.x.max};
  for (const each of [chart, second]) if (each) each.destroy();
  chart = second = null;
  const first = draw();
  second = drawSides();
  chart = first;
  if (scale && scale.min !== undefined) chart.setScale("x", scale);
}
function look(min, max) { chart.setScale("x", {min, max}); }
function last(count) {
  const end = every.at(-1).x;
  look(count ? Math.max(every[0].x, end - count * day) : every[0].x, end);
}
function zoom(by) {
  const {min, max} = chart.scales.x, middle = at === null ? (min + max) / 2 : every[at].x, half = (max - min) * by / 2;
  look(Math.max(every[0].x, middle - half), Math.min(every.at(-1).x, middle + half));
  if (at !== null) move(0);
}
function move(by) {
  at = Math.max(0, Math.min(every.length - 1, at === null ? every.length - 1 : at + by));
  const {min, max} = chart.scales.x, x = every[at].x;
  if (x < min) look(x, x + max - min);
  if (x > max) look(x - (max - min), x);
  setTimeout(point); // a new scale counts only then
}
function point() {
  const {x, value} = every[at];
  chart.setCursor({left: chart.valToPos(x, "x"), top: value === null ? 0 : chart.valToPos(value, "y")});
  say(every[at]);
}
const keys = {
  ArrowLeft: () => move(-1), ArrowRight: () => move(1), Home: () => move(-every.length), End: () => move(every.length),
  "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": () => last(0),
};
if (figure && window.uPlot) {
  every = nights();
  place.className = "plot";
  place.tabIndex = 0;
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", figure.querySelector("svg").getAttribute("aria-label") + "; arrow keys go from night to night");
  said.className = "said";
  said.setAttribute("role", "status");
  figure.classList.add("drawn"); // the still picture stays, for paper
  figure.querySelector("svg").after(place, said);
  if (sides) {
    below.setAttribute("role", "img");
    below.setAttribute("aria-label", sides.textContent + " The table below has their values.");
    sides.prepend(below);
  }
  redraw();
  read();
  place.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  tools.hidden = false;
  tools.addEventListener("click", event => { if (event.target.dataset.nights) last(Number(event.target.dataset.nights)); });
  addEventListener("resize", () => {
    chart.setSize({width: figure.clientWidth, height: 320});
    if (second) second.setSize({width: figure.clientWidth, height: 200});
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
addEventListener("keydown", event => {
  const link = document.querySelector({p: "a[rel=prev]", n: "a[rel=next]"}[event.key] || "x-none");
  if (link && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches("input, select")) location.href = link.href;
});
