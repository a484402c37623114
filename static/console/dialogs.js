// <a data-dialog href="…"> opens the page's [data-dialog-content] in a <dialog>, with
// data-dialog="drawer" at the side, so that the list stays visible. The page itself exists, too:
// for browsers without scripts, for a new tab, and when this script fails.

const dialog = document.createElement("dialog");
document.body.append(dialog);

async function open(link) {
  const answer = await fetch(link.href, { cache: "no-store", credentials: "same-origin" });
  if (!answer.ok || answer.redirected) throw new Error("not the page that was asked for");
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const content = page.querySelector("[data-dialog-content]");
  if (content === null) throw new Error("nothing to show in a dialog");
  dialog.replaceChildren(document.adoptNode(content));
  const heading = dialog.querySelector("h1");
  heading.id = "dialog-heading";
  dialog.classList.toggle("drawer", link.dataset.dialog === "drawer");
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target === dialog || (dialog.open && event.target.closest("[data-dialog-close]"))) {
    event.preventDefault();
    dialog.close();
    return;
  }
  const link = event.target.closest("a[data-dialog]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link).catch(() => location.assign(link.href));
});

dialog.addEventListener("close", () => dialog.replaceChildren());
