/* glue.js: htmx and azora, the only file that knows the name of an htmx event. */
(() => {
  'use strict';
  const body = document.body;

  /* a morph must not close what somebody opened, nor forget the script's reading of a chart */
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === 'open' && element.tagName === 'DETAILS');
  Idiomorph.defaults.callbacks.beforeNodeRemoved = node => !(node.classList?.contains('tip') || node.classList?.contains('cursor'));

  /* a page that refreshes itself waits while nobody looks at it, while it is being read, and makes no show of it */
  const polls = event => event.detail.requestConfig?.triggeringEvent === undefined;
  body.addEventListener('htmx:beforeRequest', event => {
    if (!polls(event)) { body.classList.add('busy'); return; }
    if (document.hidden || document.querySelector('main [popover]:popover-open')) event.preventDefault();
  });
  body.addEventListener('htmx:afterRequest', () => body.classList.remove('busy'));

  /* a link that its own answer took away names what has the focus after it */
  body.addEventListener('htmx:afterSettle', event => {
    const heir = event.detail.requestConfig?.elt?.dataset?.focus;
    if (heir && document.activeElement === body) document.getElementById(heir)?.focus();
  });

  /* a dialog that was swapped in opens itself, and gives the focus back when it closes */
  let opener = null;
  body.addEventListener('htmx:afterSwap', () => {
    const dialog = document.querySelector('#dialog dialog:not([open])');
    if (!dialog) return;
    opener ??= document.activeElement?.id;
    dialog.showModal();
    dialog.querySelector('[autofocus]')?.focus();
  });
  document.addEventListener('azora:close-dialog', () => document.querySelector('#dialog dialog[open]')?.close());
  document.addEventListener('close', event => {
    if (!event.target.closest?.('#dialog')) return;
    document.getElementById('dialog').replaceChildren();
    document.getElementById(opener ?? '')?.focus();
    opener = null;
  }, true);

  /* what failed is said, with the reference that our log has it under */
  const tell = (id, reference) => {
    const toast = document.getElementById(id).content.cloneNode(true), place = toast.querySelector('[data-reference]');
    if (place) place.textContent = reference ?? '';
    document.getElementById('toasts').append(toast);
  };
  body.addEventListener('htmx:responseError', event => tell('say-failed', event.detail.xhr.getResponseHeader('X-Request-Id')));
  for (const name of ['htmx:sendError', 'htmx:timeout']) body.addEventListener(name, event => { if (!polls(event)) tell('say-offline'); });
})();
