// Passkeys. A form with data-passkey gets its hidden field `credential` filled by the browser:
// `create` makes a passkey, `use` answers the challenge that is on the page, `ask` fetches one.
"use strict";

async function challenge(form) {
  if (form.dataset.passkey === "ask") {
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("no challenge");
    return (await answer.json()).request_options.publicKey;
  }
  const given = JSON.parse(document.getElementById("passkey-options").textContent);
  return (given.creation_options ?? given.request_options).publicKey;
}

async function create(form) {
  const wanted = await challenge(form);
  const alone = form.elements.passwordless.checked;
  wanted.authenticatorSelection = {
    ...wanted.authenticatorSelection,
    residentKey: alone ? "required" : "discouraged",
    requireResidentKey: alone,
    userVerification: alone ? "required" : "preferred",
  };
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(wanted);
  return navigator.credentials.create({ publicKey });
}

async function use(form) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await challenge(form));
  return navigator.credentials.get({ publicKey });
}

function explain(form, error) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = false;
  problem.textContent =
    error.name === "InvalidStateError"
      ? "This device holds a passkey of yours already."
      : "That was cancelled, took too long, or there is no passkey for this address here.";
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.hidden = !window.PublicKeyCredential?.parseCreationOptionsFromJSON;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const credential = await (form.dataset.passkey === "create" ? create(form) : use(form));
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch (error) {
      explain(form, error);
    }
  });
}
