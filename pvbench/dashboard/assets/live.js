// Of pages that `pvbench serve` shows: what is measured now, and the page anew when the history has grown.
"use strict";
const live = document.getElementById("live");
let times = null;
async function look() {
  let told = {running: ["pvbench serve has ended; this page stays as it was"]};
  try {
    told = await (await fetch("/live.json", {cache: "no-store"})).json();
    if (times !== null && told.times !== times) location.reload();
    times = told.times;
  } catch { /* said above */ }
  live.textContent = told.running.join("\n");
  live.hidden = !told.running.length;
  setTimeout(look, 2000);
}
look();
