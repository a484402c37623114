// <form data-once> is sent once: a second click while the first is on its way does nothing.
// [data-fill="name"] with data-value="…" puts a preset into the field of that name.

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-once]")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
});

// The page may come from the back/forward cache: then it can be sent again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fill]");
  if (!button) return;
  const form = button.closest("form");
  for (const pair of button.dataset.fill.split(" ")) {
    const [name, value = ""] = pair.split("=");
    form.elements[name].value = value;
  }
});
