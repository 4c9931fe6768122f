/* passkeys.js: fetches the question, has the browser ask the device, and sends the form with the answer.
   Loaded only where a passkey can be used; without it the other ways are there. */
(() => {
  'use strict';
  const all = selector => document.querySelectorAll(selector);
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  for (const other of all('[data-without-passkeys]')) other.hidden = true;

  const ask = async (form, kind) => {
    const answer = await fetch(form.dataset.options, { method: 'POST', body: new FormData(form) });
    if (!answer.ok || answer.redirected) throw new DOMException('', answer.redirected || answer.status === 403 ? 'StaleError' : 'FetchError');
    const json = await answer.json();
    const made = kind === 'create'
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(json) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(json) });
    return JSON.stringify(made);
  };
  for (const form of all('form[data-passkey]')) {
    form.hidden = false;
    form.addEventListener('submit', async event => {
      event.preventDefault();
      const button = form.querySelector('[type=submit]');
      for (const word of form.querySelectorAll('[data-on]')) word.hidden = true;
      button.disabled = true;
      try {
        form.elements.credential.value = await ask(form, form.dataset.passkey);
        form.submit();
      } catch (error) {
        if (error.name === 'StaleError') { location.reload(); return; }
        button.disabled = false;
        const known = error.name === 'InvalidStateError' ? 'known' : 'failed';
        (form.querySelector(`[data-on=${known}]`) ?? form.querySelector('[data-on=failed]')).hidden = false;
      }
    });
  }
})();
