// Shows the stage that the server reports, until it is final.
"use strict";

const STEP = 1000;
const LATE = 15000;

const card = document.querySelector("[data-status]");
const start = Date.now();

function show(stage) {
  for (const part of card.querySelectorAll("[data-stage]")) {
    part.hidden = part.dataset.stage !== stage;
  }
}

async function look() {
  let status = "waiting";
  try {
    const response = await fetch(card.dataset.status, { cache: "no-store" });
    if (response.ok) status = (await response.json()).status;
  } catch {
    // not reachable for a moment: ask again
  }
  const waiting = status === "waiting" || status === "asked";
  show(waiting ? (Date.now() - start > LATE ? "late" : "waiting") : status);
  if (waiting) setTimeout(look, STEP);
}

setTimeout(look, STEP);
