/* keys.js: the palette, and the keys that pages listen to. Without script the jump box is a form that leads to the search page.
   The palette's lines come from the server (glue.js and htmx put them there); here they are walked and followed. */
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  const palette = $('#palette'), field = $('#palette-field');
  const lines = () => [...document.querySelectorAll('#palette-list [data-url]')];
  const chosen = () => $('#palette-list [aria-selected="true"][data-url]');

  function choose(line) {
    for (const one of lines()) one.setAttribute('aria-selected', String(one === line));
    if (line) { field.setAttribute('aria-activedescendant', line.id); line.scrollIntoView({ block: 'nearest' }); }
    else field.removeAttribute('aria-activedescendant');
  }
  function open() {
    if (palette.open) return;
    palette.showModal();
    field.select();
    field.dispatchEvent(new Event('input', { bubbles: true }));
  }

  document.addEventListener('click', event => {
    if (event.target.closest('[data-palette]')) { event.preventDefault(); open(); }
    const line = event.target.closest('#palette-list [data-url]');
    if (line) location.assign(line.dataset.url);
    if (event.target === palette) palette.close();
  });
  if (palette) {
    new MutationObserver(() => choose(chosen() ?? lines()[0])).observe(palette, { childList: true, subtree: true });
    palette.addEventListener('keydown', event => {
      const all = lines(), at = all.indexOf(chosen());
      const to = { ArrowDown: all[at + 1] ?? all[0], ArrowUp: all[at - 1] ?? all.at(-1), Home: all[0], End: all.at(-1) }[event.key];
      if (to && (event.key.startsWith('Arrow') || event.target !== field)) { event.preventDefault(); choose(to); }
      if (event.key === 'Enter' && chosen()) { event.preventDefault(); location.assign(chosen().dataset.url); }
    });
  }

  /* ⌘K or Ctrl K anywhere; single letters outside of fields, unless somebody turned them off */
  let after = '';
  const places = JSON.parse(document.body.dataset.go ?? '{}');
  document.addEventListener('keydown', event => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k' && palette) { event.preventDefault(); open(); return; }
    const inField = event.target.closest('input, textarea, select, dialog, [contenteditable], [popover], [data-plot]');
    if (document.body.dataset.keys === 'off' || inField || event.metaKey || event.ctrlKey || event.altKey) return;
    const key = event.key, before = after;
    after = key === 'g' ? 'g' : '';
    if (before === 'g' && places[key]) { location.assign(places[key]); return; }
    if (key === '/') { const search = $('main [type=search]'); event.preventDefault(); if (search) { search.focus(); search.select(); } else open(); }
    if (key === '?') location.assign(document.body.dataset.help);
    if (key === 'j' || key === 'k') {
      const rows = [...document.querySelectorAll('main .row-link')], at = rows.indexOf(document.activeElement);
      (rows[at + (key === 'j' ? 1 : -1)] ?? rows[at < 0 ? 0 : at])?.focus();
    }
  });
})();
