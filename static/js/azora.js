/* azora.js: what script adds. Every page works without it, and nothing here knows htmx (that is glue.js).
   Listeners sit on the document, so that parts swapped in later behave like those that came with the page. */
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  const make = (tag, className, text = '') => Object.assign(document.createElement(tag), { className, textContent: text });

  const live = document.body.appendChild(make('div', 'sr'));
  live.setAttribute('aria-live', 'polite');
  const say = text => { live.textContent = ''; requestAnimationFrame(() => { live.textContent = text; }); };

  /* copy an id; set the theme at once where the form would reload the page */
  document.addEventListener('click', event => {
    const copy = event.target.closest('[data-copy]');
    if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => say($('#say-copied').content.textContent));
    const theme = event.target.closest('[data-theme-form] button');
    if (theme) { event.preventDefault(); setTheme(theme); }
    if (event.target.closest('[data-print]')) print();
    const dialog = event.target.closest('[data-close]')?.closest('dialog');
    if (dialog) dialog.close();
  });
  function setTheme(button) {
    const root = document.documentElement, form = button.form;
    if (button.value) root.dataset.theme = button.value; else delete root.dataset.theme;
    for (const other of form.querySelectorAll('button')) other.toggleAttribute('aria-current', false);
    button.setAttribute('aria-current', 'true');
    const body = new FormData(form);
    body.append('theme', button.value);
    fetch(form.action, { method: 'POST', body, redirect: 'manual' });
    form.closest('[popover]')?.hidePopover();
  }

  /* a day typed into a range chooses the range */
  document.addEventListener('input', event => {
    const choice = document.getElementById(event.target.closest('[data-checks]')?.dataset.checks ?? '');
    if (choice) choice.checked = true;
  });

  /* how many rows are chosen; without script the bar says "Some" */
  const picked = () => {
    const count = document.querySelectorAll('.row-check:checked').length, told = $('[data-picked]');
    if (told && count) told.textContent = count;
  };
  document.addEventListener('change', event => { if (event.target.matches('.row-check')) picked(); });

  /* a form sent from within a menu closes it, which gives the focus back to what opened it */
  document.addEventListener('submit', event => event.submitter?.closest('[popover]')?.hidePopover());

  /* toasts leave after six seconds, not while somebody reads them */
  const toasts = $('#toasts');
  const leave = toast => setTimeout(() => { if (toast.matches(':hover, :focus-within')) leave(toast); else toast.remove(); }, 6000);
  if (toasts) new MutationObserver(changes => {
    for (const change of changes) for (const node of change.addedNodes) if (node.classList?.contains('toast')) leave(node);
  }).observe(toasts, { childList: true });

  /* charts: reading the server's SVG with pointer and arrow keys */
  let read = null; // { plot, at }
  const tools = plot => ({
    cursor: $('.cursor', plot) ?? plot.appendChild(make('div', 'cursor')),
    tip: $('.tip', plot) ?? plot.appendChild(make('div', 'tip')),
  });
  function show(plot, wanted, aloud) {
    const data = JSON.parse(plot.dataset.series), count = data.l.length, bands = plot.dataset.plot === 'bars';
    const at = Math.max(0, Math.min(count - 1, wanted));
    if (read && read.plot !== plot) hide();
    read = { plot, at };
    const drawing = $('svg', plot).getBoundingClientRect(), box = plot.getBoundingClientRect();
    const x = drawing.left - box.left + drawing.width * (bands ? (at + 0.5) / count : at / Math.max(count - 1, 1));
    const top = drawing.top - box.top, { cursor, tip } = tools(plot);
    tip.replaceChildren(make('b', '', data.l[at]), ...data.s.map(one => make('span', '', `${one.n}  ${one.v[at]}`)));
    Object.assign(cursor.style, { display: bands ? 'none' : 'block', left: `${x}px`, top: `${top}px`, height: `${drawing.height}px` });
    tip.style.display = 'block';
    const left = x + (x > box.width / 2 ? -tip.offsetWidth - 10 : 10);
    Object.assign(tip.style, { left: `${Math.max(0, Math.min(box.width - tip.offsetWidth, left))}px`, top: `${top + 4}px` });
    if (aloud) say(`${data.l[at]}. ${data.s.map(one => `${one.n} ${one.v[at]}`).join(', ')}`);
  }
  function hide() {
    if (!read) return;
    for (const part of Object.values(tools(read.plot))) part.style.display = 'none';
    read = null;
  }
  document.addEventListener('pointermove', event => {
    const plot = event.target.closest?.('[data-plot]');
    if (!plot) { if (read && read.plot !== document.activeElement) hide(); return; }
    const drawing = $('svg', plot).getBoundingClientRect(), share = (event.clientX - drawing.left) / drawing.width;
    const count = JSON.parse(plot.dataset.series).l.length;
    show(plot, plot.dataset.plot === 'bars' ? Math.floor(share * count) : Math.round(share * (count - 1)), false);
  });
  document.addEventListener('focusout', event => { if (event.target.matches?.('[data-plot]')) hide(); });
  document.addEventListener('keydown', event => {
    const plot = event.target.closest?.('[data-plot]');
    if (!plot) return;
    if (event.key === 'Escape') { hide(); return; }
    const last = JSON.parse(plot.dataset.series).l.length - 1, at = read?.plot === plot ? read.at : null;
    const to = { ArrowLeft: at === null ? last : at - 1, ArrowRight: at === null ? 0 : at + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) { event.preventDefault(); show(plot, to, true); }
  });
})();
