// Draws a series' table of nights by uPlot, in the place of the still picture: zoom, a cursor that says what it is on.
"use strict";
const figure = document.getElementById("chart"), tools = document.getElementById("tools");
const day = 86400, unit = figure ? figure.dataset.unit : "";
const letters = {regression: "▼", improvement: "▲", missing: "∅", constant: "=", implausible: "?", environment: "⟳", annotation: "✎"};

function nights() {
  const rows = [...document.querySelectorAll("#values tbody tr")].reverse(), wide = rows.length && rows[0].cells.length === 4;
  return rows.map((row, number) => {
    const cells = [...row.cells].map(cell => cell.textContent), ends = wide ? cells[2].split(" to ").map(parseFloat) : [];
    const value = parseFloat(cells[1]), again = row.classList.contains("again");
    return {
      number, again, night: cells[0], x: Date.parse(cells[0]) / 1000 + (again ? day / 2 : 0), value: isNaN(value) ? null : value,
      low: ends.length === 2 ? ends[0] : null, high: ends.length === 2 ? ends[1] : null, ends: wide ? cells[2] : "",
      note: cells.at(-1), marks: (row.dataset.marks || "").split(" ").filter(Boolean), report: (row.querySelector("a") || {}).href,
    };
  }).filter(each => !isNaN(each.x)).sort((one, other) => one.x - other.x);
}

function draw(every) {
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const of = {regression: "worse", missing: "worse", constant: "worse", implausible: "worse", improvement: "better", annotation: "note"};
  const font = "12px " + getComputedStyle(document.body).fontFamily;
  const marks = chart => {
    const {ctx, bbox} = chart, ratio = devicePixelRatio;
    ctx.save();
    ctx.font = `${12 * ratio}px sans-serif`;
    ctx.textAlign = "center";
    for (const each of every) for (const mark of each.marks) {
      const x = Math.round(chart.valToPos(each.x, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = ctx.fillStyle = colour(of[mark] || "muted");
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash(mark === "environment" ? [6 * ratio, 4 * ratio] : mark === "annotation" ? [2 * ratio, 3 * ratio] : []);
      ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
      ctx.fillText(letters[mark], x, bbox.top - 4 * ratio);
    }
    ctx.restore();
  };
  const axis = {stroke: colour("muted"), font, grid: {stroke: colour("grid"), width: 1}, ticks: {stroke: colour("grid"), width: 1}};
  const ends = every.some(each => each.low !== null);
  const series = [{}, {label: "value", stroke: colour("line"), width: 1.5, points: {show: every.length < 120, size: 5}},
    {label: "again", stroke: colour("line"), paths: () => null, points: {show: true, size: 8, fill: colour("paper")}}];
  const data = [every.map(each => each.x), every.map(each => each.again ? null : each.value), every.map(each => each.again ? each.value : null)];
  // A gap is where a night was to be measured and was not; other rows are no part of a line.
  every.forEach((each, at) => { if (each.again) data[1][at] = undefined; });
  if (ends) {
    series.push({label: "to", stroke: "transparent", points: {show: false}}, {label: "from", stroke: "transparent", points: {show: false}});
    data.push(every.map(each => each.high), every.map(each => each.low));
  }
  return new uPlot({
    width: figure.clientWidth, height: 320, series, legend: {show: false}, tzDate: seconds => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    axes: [axis, {...axis, size: 70, label: unit, labelFont: font, labelSize: unit ? 22 : 0}],
    padding: [18, 8, 0, 0], bands: ends ? [{series: [3, 4], fill: colour("grid")}] : [],
    scales: {y: {range: (_chart, low, high) => { const room = (high - low) * 0.08 || Math.abs(high) * 0.05 || 1; return [low - room, high + room]; }}},
    cursor: {points: {size: 9}, drag: {x: true, y: false}}, hooks: {drawClear: [marks], setCursor: [chart => say(every[chart.cursor.idx])]},
  }, data, place);
}

const place = document.createElement("div"), said = document.createElement("p");
let chart = null, at = null, every = [];

function say(night) {
  if (!night) return;
  const value = night.value === null ? "not measured" : `${night.value}${unit === "x" || !unit ? unit : " " + unit}`;
  const parts = [night.night + (night.again ? " (again)" : ""), value, night.ends && `95 %: ${night.ends}`, night.note];
  said.textContent = parts.filter(Boolean).join(" · ");
  if (night.report) {
    const link = document.createElement("a");
    link.href = night.report;
    link.textContent = "report";
    said.append(" · ", link);
  }
}
function redraw() {
  const scale = chart && {min: chart.scales.x.min, max: chart.scales.x.max};
  if (chart) chart.destroy();
  chart = draw(every);
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
}
function move(by) {
  at = Math.max(0, Math.min(every.length - 1, at === null ? every.length - 1 : at + by));
  const {min, max} = chart.scales.x, x = every[at].x;
  if (x < min) look(x, x + max - min);
  if (x > max) look(x - (max - min), x);
  const y = every[at].value === null ? 0 : chart.valToPos(every[at].value, "y");
  chart.setCursor({left: chart.valToPos(x, "x"), top: y});
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
  redraw();
  place.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  tools.hidden = false;
  tools.addEventListener("click", event => { if (event.target.dataset.nights) last(Number(event.target.dataset.nights)); });
  addEventListener("resize", () => chart.setSize({width: figure.clientWidth, height: 320}));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}
addEventListener("keydown", event => {
  const link = document.querySelector({p: "a[rel=prev]", n: "a[rel=next]"}[event.key] || "x-none");
  if (link && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches("input, select")) location.href = link.href;
});
