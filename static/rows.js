// Adds empty rows to groups of name and value; without this script the page has a few of them.
"use strict";

function addRow(rows) {
  const row = rows.lastElementChild.cloneNode(true);
  const number = rows.children.length + 1;
  for (const input of row.querySelectorAll("input, textarea")) {
    input.value = "";
    input.removeAttribute("id");
    input.setAttribute("aria-label", input.getAttribute("aria-label").replace(/\d+$/, number));
  }
  rows.append(row);
  row.querySelector("input").focus();
}

for (const rows of document.querySelectorAll(".rows")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button secondary";
  button.textContent = "Add a row";
  button.addEventListener("click", () => addRow(rows));
  rows.after(button);
}
