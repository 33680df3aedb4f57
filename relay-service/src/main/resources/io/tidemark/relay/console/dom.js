// Elements are made here and nowhere else. Text becomes text nodes; nothing is ever parsed as HTML.
const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') {
      element.on = {...element.on, [name]: value};
      element.addEventListener(name, dispatch);
    } else if (name === 'chart') {
      element.chart = value;
      element.setAttribute('data-chart', value.key);
    } else {
      element.setAttribute(name, value === true ? '' : String(value));
    }
  }
  element.append(...children.flat(Infinity).filter(c => c !== null && c !== undefined && c !== false)
    .map(c => c instanceof Node ? c : document.createTextNode(String(c))));
  return element;
}

function dispatch(event) { this.on?.[event.type]?.call(this, event); }

/** An HTML element: h('p', {class: 'x'}, 'text', child). Functions among the attributes are listeners. */
export function h(tag, attributes, ...children) {
  const [, name, id, classes] = /^(\w+)(#[\w-]+)?((?:\.[\w-]+)*)$/.exec(tag);
  const element = document.createElement(name);
  if (id) element.id = id.slice(1);
  if (classes) element.className = classes.slice(1).replaceAll('.', ' ');
  return fill(element, attributes, children);
}

export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Makes the children of {old} what {fresh} are, and keeps what is the same: focus, selection, open details, charts. */
export function patch(old, fresh) {
  const wanted = [...fresh];
  wanted.forEach((next, i) => {
    const now = old.childNodes[i];
    if (!now) old.append(next);
    else if (!alike(now, next)) now.replaceWith(next);
    else if (now.nodeType === Node.TEXT_NODE) { if (now.data !== next.data) now.data = next.data; }
    else become(now, next);
  });
  while (old.childNodes.length > wanted.length) old.lastChild.remove();
}

function alike(a, b) {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && a.id === b.id
    && (a.nodeType !== Node.ELEMENT_NODE || a.getAttribute('data-chart') === b.getAttribute('data-chart'));
}

function become(now, next) {
  now.on = next.on;
  if (next.on) Object.keys(next.on).forEach(type => now.addEventListener(type, dispatch));
  for (const {name} of [...now.attributes]) {
    if (!next.hasAttribute(name) && !(name === 'open' || name === 'class' && now.chart)) now.removeAttribute(name);
  }
  for (const {name, value} of [...next.attributes]) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  if (next.chart) { now.chart = next.chart; return; }
  if (now.nodeName === 'INPUT' || now.nodeName === 'SELECT' && document.activeElement === now) return;
  const value = now.value;
  patch(now, [...next.childNodes]);
  if (now.nodeName === 'SELECT') now.value = value;
}

export function copyButton(text, label = 'Copy') {
  return h('button.copy', {type: 'button', click() {
    const done = () => { this.textContent = 'Copied'; setTimeout(() => { this.textContent = label; }, 1500); };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, () => select(this, text));
    else select(this, text); // without https there is no clipboard
  }}, label);
}

function select(button, text) {
  const code = button.parentElement?.querySelector('code');
  if (code && code.textContent === text) getSelection().selectAllChildren(code);
}

/**
 * A command to paste. The arguments may come from an event or from the page's address, so each is quoted as one word for
 * a shell; for one with control characters, which a terminal could act on, there is no command.
 */
export function command(text, ...args) {
  if (args.some(a => /[\x00-\x1f\x7f-\x9f]/.test(a))) return h('p.muted', {}, 'No command to copy: the value has control characters.');
  const whole = [text, ...args.map(quoted)].join(' ');
  return h('div.command', {}, h('code', {}, whole), copyButton(whole));
}

function quoted(word) { return /^[\w.:\/@~+=,-]+$/.test(word) && !word.startsWith('~') ? word : "'" + word.replaceAll("'", "'\\''") + "'"; }

/** A state in shape and word, so that colour is never alone. */
export function badge(level, word) {
  const shape = {fine: '●', warning: '▲', bad: '■', unknown: '?'}[level] || '?';
  return h('span.badge.' + level, {}, h('span', {'aria-hidden': 'true'}, shape), ' ', word);
}

export function card(title, ...children) { return h('section.card', {}, h('h2', {}, title), children); }

export function facts(...pairs) {
  return h('dl.facts', {}, pairs.filter(Boolean).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

export function table(heads, rows, empty) {
  if (!rows.length) return h('p.muted', {}, empty || 'None.');
  return h('div.scroll', {tabindex: '0'}, h('table', {},
    h('thead', {}, h('tr', {}, heads.map(head => h('th', {scope: 'col', class: head.startsWith('#') ? 'number' : null}, head.replace(/^#/, ''))))),
    h('tbody', {}, rows.map(cells => h('tr', {}, cells.map((cell, i) =>
      h('td', {'data-head': heads[i].replace(/^#/, ''), class: heads[i].startsWith('#') ? 'number' : null}, cell)))))));
}
