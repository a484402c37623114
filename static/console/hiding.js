// [data-hide-after="30"] is removed from the page after that many seconds, and when the page is left.

export function hideInTime() {
  for (const part of document.querySelectorAll("[data-hide-after]")) {
    const hide = () => part.dispatchEvent(new Event("vault:hidden", { bubbles: true }));
    setTimeout(hide, Number(part.dataset.hideAfter) * 1000);
    addEventListener("pagehide", hide);
  }
}

// A button shows and hides a value until its time is over.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (!button) return;
  const value = button.closest("[data-hide-after]").querySelector("[data-copied]");
  const shown = value.textContent === "";
  value.textContent = shown ? value.dataset.copied : "";
  button.setAttribute("aria-pressed", String(shown));
});

document.addEventListener("vault:hidden", (event) => {
  const over = document.querySelector("template[data-hidden]");
  event.target.replaceChildren(over ? over.content.cloneNode(true) : "");
});
