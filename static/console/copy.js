// [data-copy] copies the text of [data-copied] beside it, shown or not; without scripts it is hidden.

const SAID = 2000;

async function copy(button) {
  const text = button.parentElement.querySelector("[data-copied]");
  const word = button.querySelector("[data-copy-word]");
  const before = button.dataset.word ?? word.textContent;
  button.dataset.word = before;
  try {
    await navigator.clipboard.writeText(text.dataset.copied || text.textContent);
    word.textContent = "Copied";
  } catch {
    word.textContent = "Press Ctrl+C";
    getSelection().selectAllChildren(text);
  }
  setTimeout(() => { word.textContent = before; }, SAID);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});

function show() {
  for (const button of document.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

show();
new MutationObserver(show).observe(document.body, { childList: true, subtree: true });
