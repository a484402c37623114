// <time data-countdown datetime="…"> shows the time left, by the server's clock.
// <time data-ago datetime="…"> shows the time passed since, in its largest unit.
// <time data-moment> and <time data-day> are written in the reader's own zone and format.

const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
const FORMATS = {
  moment: new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }),
  day: new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }),
};
const loaded = performance.now();
const served = Date.parse(document.querySelector("[data-now]")?.dataset.now ?? "");

// The browser's clock may be wrong; the time since the page was loaded is not.
function now() {
  return Number.isNaN(served) ? Date.now() : served + performance.now() - loaded;
}

// The largest units, as the server writes them: "2 h 5 min".
export function inShort(seconds, most = 2) {
  let left = Math.floor(seconds);
  const parts = [];
  for (const [word, size] of UNITS) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count || parts.length) parts.push(`${count} ${word}`);
    if (parts.length === most) break;
  }
  return parts.filter((part) => !part.startsWith("0 ")).join(" ") || "0 s";
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function write() {
  for (const element of document.querySelectorAll("time[data-countdown]")) {
    const left = (Date.parse(element.dateTime) - now()) / 1000;
    say(element, left > 0 ? inShort(left) : "over");
    element.classList.toggle("soon", left > 0 && left < 60);
  }
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const gone = (now() - Date.parse(element.dateTime)) / 1000;
    say(element, gone < 60 ? "just now" : `${inShort(gone, 1)} ago`);
  }
  for (const [name, format] of Object.entries(FORMATS)) {
    for (const element of document.querySelectorAll(`time[data-${name}]`)) {
      say(element, format.format(Date.parse(element.dateTime)));
    }
  }
}

export function tick() {
  write();
  setTimeout(tick, 1000);
}

// What was fetched is written at once, not with the next second.
document.addEventListener("htmx:after:swap", write);
