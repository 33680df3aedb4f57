// The questions that readers ask: how many, how long, and why they are not answered with success.
import {h, badge, card, facts, table} from './dom.js';
import {seconds} from './words.js';
import {draw} from './frame.js';
import {waitFor, outcome} from './find.js';

export const title = 'Waits';

const MEANING = {
  success: 'The projection has everything that was asked for.', timeout: 'It had not when the wait ended.', not_yet: 'It had not, and no wait was asked for.',
  stalled: 'The group has members, but a partition does not move.', stopped: 'No consumer runs for the projection.', rebuilding: 'The projection is being rebuilt.',
  unknown: 'The relay cannot know.', ahead: 'The token is beyond the WAL.', diverged: 'The write was lost in a failover.', foreign: 'The token is of another source.',
  expired: 'The token is older than the history.', gone: 'The client did not stay.', too_many: '429: the limit of waiting requests was reached.', unavailable: '503: this replica could not know.',
};
let tried = {busy: false, answer: null};

export function render({history, picked, links}) {
  const w = history.waits, last = history.timesMillis.length - 1;
  const names = Object.keys(w.perMinute);
  const now = names.map(n => [n, w.perMinute[n][last] || 0]).sort((a, b) => b[1] - a[1]);
  const parked = history.waiting[last];
  const per = n => w.perMinute[n] || history.timesMillis.map(() => 0);
  const others = names.filter(n => !['success', 'timeout'].includes(n));
  return [
    h('div.columns', {},
      card('Now', facts(['Waiting requests', (parked ?? 'unknown') + (links.limit ? ' of at most ' + links.limit.toLocaleString('en') : '')],
        ['Success after, p50', w.successP50Seconds[last] === null || last < 0 ? 'none in the last minute' : 'at most ' + seconds(w.successP50Seconds[last])],
        ['Success after, p99', w.successP99Seconds[last] === null || last < 0 ? 'none in the last minute' : 'at most ' + seconds(w.successP99Seconds[last])])),
      card('Try a token', tryForm(picked))),
    card('Outcomes in the last minute', table(['Outcome', '#A minute', 'Meaning'], now.filter(([n, c]) => c > 0 || n === 'success' || n === 'timeout').map(([n, c]) => [
      badge(n === 'success' ? 'fine' : n === 'timeout' || n === 'not_yet' || n === 'rebuilding' ? 'warning' : n === 'gone' ? 'unknown' : 'bad', n), String(c), MEANING[n] || '']),
    'No question has been asked yet.')),
    card('Answers a minute', h('div.chart', {chart: {key: 'waits', times: history.timesMillis, unit: '', series: [
      {label: 'success', values: per('success')}, {label: 'timeout', values: per('timeout')},
      {label: 'all others', values: history.timesMillis.map((t, i) => others.reduce((sum, n) => sum + (w.perMinute[n][i] || 0), 0))}]}})),
    card('Time until success', h('div.chart', {chart: {key: 'waited', times: history.timesMillis, unit: 's', series: [
      {label: 'p50', values: w.successP50Seconds}, {label: 'p99', values: w.successP99Seconds}]}}),
    h('p.muted', {}, 'Upper bounds of the buckets of tidemark_wait_duration_seconds, over the minute before each point. Only of the replica that answers.')),
  ];
}

function tryForm(picked) {
  return h('form#try', {async submit(event) {
    event.preventDefault();
    const token = this.elements.token.value.trim(), projection = this.elements.projection.value;
    tried = {busy: true, answer: null};
    draw();
    tried = {busy: false, answer: await waitFor(projection, token, '5s')};
    draw();
  }},
  h('label', {for: 'try-token'}, 'Token, or ', h('code', {}, 'now')), h('input#try-token', {name: 'token', required: true, value: 'now', spellcheck: 'false'}),
  h('label', {for: 'try-projection'}, 'Projection'), h('select#try-projection', {name: 'projection'}, (picked.projections || []).map(p => h('option', {value: p.projection}, p.projection))),
  h('button', {type: 'submit', disabled: tried.busy}, 'Wait up to 5 s'),
  h('p', {}, tried.busy ? 'Waiting …' : tried.answer ? outcome(tried.answer) : ''));
}
