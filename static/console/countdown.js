// <time data-countdown datetime="…"> shows the time left, by the server's clock.
// <time data-ago datetime="…"> shows the time passed since.

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const loaded = performance.now();
const served = Date.parse(document.querySelector("[data-now]")?.dataset.now ?? "");

// The browser's clock may be wrong; the time since the page was loaded is not.
function now() {
  return Number.isNaN(served) ? Date.now() : served + performance.now() - loaded;
}

// The two largest units, as the server writes them: "2 h 5 min".
export function inShort(seconds) {
  let left = Math.floor(seconds);
  const parts = [];
  for (const [word, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || parts.length) parts.push(`${count} ${word}`);
    if (parts.length === 2) break;
  }
  return parts.filter((part) => !part.startsWith("0 ")).join(" ") || "0 s";
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function tick() {
  for (const element of document.querySelectorAll("time[data-countdown]")) {
    const left = (Date.parse(element.dateTime) - now()) / 1000;
    say(element, left > 0 ? inShort(left) : "over");
    element.classList.toggle("soon", left > 0 && left < 60);
  }
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const gone = (now() - Date.parse(element.dateTime)) / 1000;
    say(element, gone < 5 ? "just now" : `${inShort(gone)} ago`);
  }
  setTimeout(tick, 1000);
}
