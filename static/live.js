// Keeps this page up to date: triggers its parts (`vault:<topic>` on the body) to fetch again, and
// shows whether it is live. Messages carry topics and ids; content is always fetched by a request.
const TOPICS = [
  "leases", "credentials", "grants", "members", "agents", "approvals", "audit", "settings",
];
const SIGNED_OUT = 4401;
const NOT_YOURS = 4403;
const SILENCE = 25_000; // the server says something every 10 s
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const LONGEST_LEAVE = 10_000; // after this the navigation was a download, or was stopped

let wait = FIRST_WAIT;
let wasOpen = false;
let silence = 0;
let leaving = 0;
const later = new Map();

function show(live) {
  for (const place of document.querySelectorAll("[data-live]")) {
    const word = place.querySelector("[data-live-word]") ?? place;
    place.dataset.live = live ? "on" : "off";
    const said = live ? "live" : "not live";
    if (word.textContent !== said) word.textContent = said;
  }
}

function dispatch(topic, entry) {
  document.body.dispatchEvent(new CustomEvent(`vault:${topic}`, { detail: { entry } }));
}

// A hidden page fetches nothing until it is visible again, and a page that is being left nothing
// at all: a reload would cancel the navigation, and with it the answer to a form just sent.
function tell(topic, entry) {
  if (document.hidden || leaving) later.set(topic, entry);
  else dispatch(topic, entry);
}

function catchUp() {
  if (document.hidden || leaving) return;
  for (const [topic, entry] of later) dispatch(topic, entry);
  later.clear();
}

function leave() {
  clearTimeout(leaving);
  leaving = setTimeout(stay, LONGEST_LEAVE);
}

function stay() {
  clearTimeout(leaving);
  leaving = 0;
  catchUp();
}

// An answer to a request that began before the page was left may ask for a reload, too.
function ignoreWhenLeaving(event) {
  if (!leaving) return;
  event.preventDefault();
  for (const topic of TOPICS) later.set(topic);
}

function hear(message) {
  if (TOPICS.includes(message.topic)) tell(message.topic, message.entry);
  if (typeof message.live !== "boolean") return;
  const begins = message.live && document.querySelector("[data-live='on']") === null;
  show(message.live);
  // Events while the page was not live are unknown: fetch everything once.
  if (begins) for (const topic of TOPICS) tell(topic);
}

function listenForSilence(socket) {
  clearTimeout(silence);
  silence = setTimeout(() => socket.close(), SILENCE);
}

function closed(event) {
  clearTimeout(silence);
  show(false);
  // After access has ended, reload to show what may still be seen.
  if (wasOpen && [SIGNED_OUT, NOT_YOURS].includes(event.code)) {
    if (!leaving) location.reload();
    return;
  }
  setTimeout(connect, wait * (0.5 + Math.random()));
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ws/live/`);
  socket.addEventListener("message", (event) => {
    wasOpen = true;
    wait = FIRST_WAIT;
    listenForSilence(socket);
    hear(JSON.parse(event.data));
  });
  socket.addEventListener("close", closed);
}

if (document.querySelector("[data-live]")) {
  document.addEventListener("visibilitychange", catchUp);
  document.addEventListener("htmx:before:response", ignoreWhenLeaving);
  window.addEventListener("beforeunload", leave);
  window.addEventListener("pageshow", stay);
  connect();
}
