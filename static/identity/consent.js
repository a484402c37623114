// The answer opens in a small window, so that this one can show the result.
// Without scripts, or when the window is refused, the form is sent as usual.
"use strict";

const STEP = 250;
const AWAY = 2500;
const LONGEST = 6000;

const form = document.querySelector("form[data-request]");

form.addEventListener("submit", () => {
  const popup = window.open("", "deliver", "popup,width=480,height=320");
  if (popup === null) return;
  form.target = "deliver";
  follow(popup, form.dataset.request);
});

async function follow(popup, id) {
  const start = Date.now();
  let left = null;
  while (Date.now() - start < LONGEST) {
    await new Promise((resolve) => setTimeout(resolve, STEP));
    if (!["asked", "waiting", "unknown"].includes(await state(id))) break;
    if (left === null && isAway(popup)) left = Date.now();
    if (left !== null && Date.now() - left > AWAY) break;
  }
  if (await state(id) === "asked" && !popup.closed) {
    form.removeAttribute("target"); // the form came back with a problem: it is shown in the popup
    return;
  }
  popup.close();
  location.replace(`/oauth/complete?r=${encodeURIComponent(id)}`);
}

function isAway(popup) {
  if (popup.closed) return true;
  try {
    return popup.location.origin !== location.origin && popup.location.href !== "about:blank";
  } catch {
    return true; // another origin: the client's listener, or the browser's own error page
  }
}

async function state(id) {
  try {
    const response = await fetch(`/oauth/status/${encodeURIComponent(id)}`, { cache: "no-store" });
    return response.ok ? (await response.json()).status : "unknown";
  } catch {
    return "unknown";
  }
}
