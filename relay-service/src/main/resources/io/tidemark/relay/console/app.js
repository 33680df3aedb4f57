// The frame: which page, which replica, how often to ask, and how old what is shown is.
import {ask, keepToken, forgetToken, hasToken, Refused} from './ask.js';
import {h, patch} from './dom.js';
import {drawCharts} from './charts.js';
import {frame} from './frame.js';
import {seconds, zone} from './words.js';
import * as now from './now.js';
import * as find from './find.js';
import * as projections from './projections.js';
import * as waits from './waits.js';
import * as letters from './letters.js';
import * as setup from './setup.js';

const PAGES = {now, find, projections, waits, letters, setup};
const POLL = 2000, POLL_HIDDEN = 10000, STALE = 10000;
const byId = id => document.getElementById(id);

let view = null, history = null, shownAt = 0, trouble = '', timer = 0, asking = false, again = false;

function route() {
  const [path, query] = (location.hash.slice(1) || '/now').split('?');
  const [, name, ...rest] = path.split('/');
  return {name: PAGES[name] ? name : 'now', detail: rest.map(decode).join('/'), query: new URLSearchParams(query || '')};
}

function decode(text) { try { return decodeURIComponent(text); } catch { return text; } }

function picked() {
  const wanted = byId('replica').value;
  const all = view.replicas;
  return all.find(r => r.name === wanted && r.source) || all.find(r => r.source?.role === 'active') || all.find(r => r.self) || all[0];
}

function draw() {
  const {name, detail, query} = route();
  document.title = PAGES[name].title + ' · Tidemark';
  patch(byId('nav'), Object.entries(PAGES).map(([key, page]) =>
    h('a', {href: '#/' + key, 'aria-current': key === name ? 'page' : null}, page.title)));
  byId('zone').textContent = zone.utc ? 'UTC' : 'local time';
  drawHeadline();
  if (!view || !history) return;
  drawPicker();
  const from = picked();
  byId('database').textContent = from.source?.database ? '· ' + from.source.database : '';
  patch(byId('content'), flat(PAGES[name].render({view, history, picked: from, detail, query, links: frame.links})));
  drawCharts(byId('content'));
}

function flat(nodes) { return [nodes].flat(Infinity).filter(Boolean); }

function drawPicker() {
  const select = byId('replica');
  const names = ['the active one', ...view.replicas.map(r => r.name)];
  if (document.activeElement !== select) {
    const value = select.value;
    patch(select, names.map((name, i) => h('option', {value: i === 0 ? '' : name}, name)));
    select.value = names.includes(value) ? value : '';
  }
}

function drawHeadline() {
  const old = shownAt ? Date.now() - shownAt : 0;
  const stale = !shownAt || old > STALE;
  document.body.classList.toggle('stale', stale && shownAt > 0);
  const sentence = byId('sentence');
  if (view && !stale) {
    say(sentence, view.headline.level, view.headline.sentence);
  } else if (shownAt) {
    say(sentence, 'unknown', `Not known: the relay has not answered for ${seconds(old / 1000)}. ${trouble} Shown is the last answer.`);
  } else {
    say(sentence, 'unknown', trouble || 'Asking the relay …');
  }
  byId('age').textContent = shownAt ? `as of ${old < 120000 ? Math.round(old / 1000) + ' s' : seconds(old / 1000)} ago` : '';
}

function say(element, level, text) {
  const shape = {fine: '●', warning: '▲', bad: '■', unknown: '?'}[level];
  element.className = 'level ' + level;
  patch(element, [h('span.shape', {title: level}, shape), h('span', {}, text)]);
}

async function look() {
  if (asking) { again = true; return; }
  asking = true;
  clearTimeout(timer);
  try {
    const [seen, past] = await Promise.all([ask('/v1/replicas-view', {timeout: 9000}),
      ask('/v1/history?minutes=' + (history ? 2 : 60), {timeout: 9000}), PAGES[route().name].poll?.(route())]);
    view = seen;
    history = history ? merge(history, past) : past;
    shownAt = Date.now();
    trouble = '';
    if (!frame.links.asked) await readLinks();
  } catch (e) {
    trouble = e instanceof Refused ? e.message + '.' : 'No answer from the relay.';
    if (e.status === 401) askForToken(e.message);
  }
  asking = false;
  try { draw(); } finally {
    timer = setTimeout(look, again ? 0 : document.hidden ? POLL_HIDDEN : POLL);
    again = false;
  }
}

async function readLinks() {
  const found = await ask('/v1/setup');
  const links = frame.links = {...found.links, asked: true, limit: found.configuration.watermark.maxWaiters};
  patch(byId('links'), [links.runbook && h('a', {href: links.runbook, target: '_blank', rel: 'noreferrer'}, 'Runbooks'),
    links.grafana && h('a', {href: links.grafana, target: '_blank', rel: 'noreferrer'}, 'Grafana')].filter(Boolean));
}

/** Adds newer samples to what is known, so that an hour is read only once. */
function merge(old, fresh) {
  const last = old.timesMillis[old.timesMillis.length - 1] || 0;
  const from = fresh.timesMillis.findIndex(t => t > last);
  if (from < 0) return old;
  const begin = fresh.timesMillis[fresh.timesMillis.length - 1] - 3600000;
  const keep = Math.max(0, old.timesMillis.findIndex(t => t >= begin));
  const join = (a, b) => {
    if (Array.isArray(b)) {
      if (b.length && typeof b[0] === 'object' && b[0]?.projection) {
        return b.map(p => join(a.find(q => q.projection === p.projection) || empty(p, old.timesMillis.length), p));
      }
      const added = b.slice(from), room = old.timesMillis.length;
      return [...(a?.length ? a : new Array(room).fill(null)).slice(keep), ...added];
    }
    if (b && typeof b === 'object') return Object.fromEntries(Object.entries(b).map(([k, v]) => [k, join(a?.[k], v)]));
    return b;
  };
  return join(old, fresh);
}

function empty(p, room) {
  return Object.fromEntries(Object.entries(p).map(([k, v]) => [k, Array.isArray(v) ? new Array(room).fill(null) : v]));
}

function askForToken(why) {
  const dialog = byId('ask');
  byId('ask-why').textContent = hasToken() ? why : '';
  forgetToken();
  if (!dialog.open) dialog.showModal();
}

byId('ask-form').addEventListener('submit', event => {
  event.preventDefault();
  keepToken(byId('bearer').value.trim());
  byId('bearer').value = '';
  byId('ask').close();
  look();
});
byId('search').addEventListener('submit', event => {
  event.preventDefault();
  const q = byId('q').value.trim();
  if (q) location.hash = '#/find?q=' + encodeURIComponent(q);
});
byId('zone').addEventListener('click', () => { zone.flip(); draw(); });
byId('replica').addEventListener('change', draw);
addEventListener('hashchange', () => { draw(); look(); byId('content').focus({preventScroll: true}); scrollTo(0, 0); });
document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
addEventListener('resize', draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
addEventListener('keydown', event => {
  if (event.key === '/' && !/INPUT|SELECT|TEXTAREA/.test(document.activeElement.nodeName)) { event.preventDefault(); byId('q').focus(); }
});
frame.draw = draw;
setInterval(drawHeadline, 1000);
draw();
look();
