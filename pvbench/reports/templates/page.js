// Sorting and filtering of the tables, and what is folded opened for print. Without a script the page only lacks these.
(() => {
  "use strict";
  const SIZES = { k: 1e3, M: 1e6, G: 1e9, T: 1e12 };
  const SECONDS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 };
  const text = (cell) => (cell.querySelector(".ratio, .value, .mark") || cell.firstChild || cell).textContent.trim();
  const number = (shown) => {
    const found = /^[≥≤]?\s*(-?[\d,]*\.?\d+)\s*(\S*)/.exec(shown);
    if (!found) return null;
    const [, digits, unit] = found;
    const size = SECONDS[unit] || (/^[kMGT](?:$|B|bit|iB|p|I|t)/.test(unit) ? SIZES[unit[0]] : 1);
    return Number(digits.replaceAll(",", "")) * size;
  };
  const compare = (left, right) => {
    const [a, b] = [number(left), number(right)];
    if (a !== null && b !== null) return a - b;
    if (a !== null || b !== null) return a === null ? 1 : -1;
    return left.localeCompare(right, "en", { numeric: true });
  };
  const sortBy = (table, header, column) => {
    const falling = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", falling ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => (falling ? -1 : 1) * compare(text(a.cells[column]), text(b.cells[column])));
    table.tBodies[0].append(...rows);
  };
  const sortable = (table) =>
    table.tHead && table.tHead.rows.length === 1 && table.tBodies.length === 1 && table.tBodies[0].rows.length > 1 &&
    [...table.tBodies[0].rows].every((row) => row.cells.length === table.tHead.rows[0].cells.length);
  for (const table of document.querySelectorAll("main table")) {
    if (!sortable(table)) continue;
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(header.firstChild);
      header.prepend(button);
      button.addEventListener("click", () => sortBy(table, header, column));
    });
  }
  const filter = (section, lines, noun) => {
    if (!section || lines.length < 3) return;
    const label = document.createElement("label");
    label.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    const told = document.createElement("span");
    told.setAttribute("role", "status");
    label.append(`Only ${noun} with `, input, told);
    section.querySelector("h2").after(label);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const line of lines) {
        const all = line.textContent.toLowerCase();
        line.hidden = !words.every((word) => all.includes(word));
        shown += line.hidden ? 0 : 1;
      }
      told.textContent = words.length ? `${shown} of ${lines.length}` : "";
    });
  };
  const section = (name) => document.querySelector(`section[aria-labelledby="${name}"]`);
  const rows = (name) => [...document.querySelectorAll(`section[aria-labelledby="${name}"] table.results tbody tr`)];
  filter(section("results"), rows("results"), "comparisons");
  filter(section("cells"), rows("cells"), "cells");
  filter(section("evidence"), [...document.querySelectorAll("details.cell")], "cells");
  const unfold = () => {
    const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let each = target.closest("details"); each; each = each.parentElement.closest("details")) each.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.why:not([open]), figure details:not([open])")];
    for (const each of opened) each.open = true;
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
  });
})();
