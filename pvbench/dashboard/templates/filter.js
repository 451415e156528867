// Shows the series that have every word asked for; the words are kept in the address, as a permalink.
const asked = document.getElementById("asked"), found = document.getElementById("found");
const rows = [...document.querySelectorAll("#every tbody tr")].map(row => [row, row.textContent.toLowerCase()]);
function show() {
  const words = asked.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const [row, text] of rows) { row.hidden = !words.every(word => text.includes(word)); count += !row.hidden; }
  found.textContent = `${count} of ${rows.length} series`;
}
function read() {
  try { asked.value = decodeURIComponent(location.hash.slice(1)); } catch { asked.value = ""; }
  show();
}
asked.addEventListener("input", () => { history.replaceState(null, "", "#" + encodeURIComponent(asked.value)); show(); });
addEventListener("hashchange", read);
document.getElementById("filter").hidden = false;
read();
