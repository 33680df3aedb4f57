// Events that could not be published, why, and the command that mends each.
import {ask, Refused} from './ask.js';
import {h, badge, card, command, facts, table} from './dom.js';
import {seconds, time} from './words.js';
import {runbook} from './frame.js';

export const title = 'Dead letters';

const EVERY = 10000;
let found = null, problem = '', askedAt = 0;

export async function poll() {
  if (Date.now() - askedAt < EVERY) return;
  askedAt = Date.now();
  try { found = await ask('/v1/dead-letters', {timeout: 8900}); problem = ''; }
  catch (e) { if (e.status === 401) throw e; problem = e instanceof Refused ? e.message : 'No answer from the relay.'; }
}

export function render({query}) {
  const key = query.get('key');
  const shown = found && key ? found.deadLetters.filter(l => l.key === key || l.id === key) : null;
  if (key) return [h('h1.asked', {}, 'Dead letter ', h('code', {}, key)), trouble(), found === null ? h('p.muted', {}, 'Reading …')
    : shown.length === 0 ? card('Not found', h('p', {}, badge('unknown', 'not listed'), ' Among the newest 200 dead letters there is none of that key. It was retried or discarded, or it is older.'), command('tidemark dead-letters show CONFIG', key))
      : shown.map(detail), h('p', {}, h('a', {href: '#/letters'}, 'All dead letters'))];
  return [trouble(), card('Dead letters', found === null && !problem ? h('p.muted', {}, 'Reading …') : table(['Event', 'Reason', 'Topic', 'Aggregate', 'Type', '#Age'], (found?.deadLetters || []).map(l => [
    h('a', {href: '#/letters?key=' + encodeURIComponent(l.key)}, h('code', {}, l.id)), h('span.text', {}, l.reason), h('code', {}, l.topic || '–'),
    h('span.text', {}, l.aggregateType + '/' + l.aggregateId), h('span.text', {}, header(l, 'type')), age(l)]),
  problem ? 'Not known.' : 'There are none. Everything that was committed could be published, or the relay has halted at what could not.'),
  found && found.total > found.deadLetters.length ? h('p.muted', {}, `The newest ${found.deadLetters.length} of ${found.total}.`) : null,
  h('p.muted', {}, 'Read every ten seconds while this page is open.'))];
}

function trouble() { return problem ? h('section.card', {}, h('p', {}, badge('unknown', 'not known'), ' ', h('span.text', {}, problem))) : null; }
function header(l, name) { return l.headers.find(x => x.name === name)?.value || '–'; }
function age(l) { const at = Date.parse(l.since || l.createdAt); return Number.isNaN(at) ? 'unknown' : seconds(Math.max(0, (Date.now() - at) / 1000)); }

function detail(l) {
  return [
    card('Why', h('p.strong.text', {}, l.reason), facts(['Event', h('a', {href: '#/find?q=' + encodeURIComponent(l.id)}, h('code', {}, l.id))], ['Topic it was meant for', h('code', {}, l.topic || 'none')],
      ['Aggregate', h('a', {href: '#/find?q=' + encodeURIComponent(l.aggregateType + '/' + l.aggregateId)}, l.aggregateType + '/' + l.aggregateId)],
      ['Dead since', time(l.since)], ['Position', h('code', {}, l.position)], ['Payload', l.payloadBytes + ' bytes, not shown'])),
    card('What mends it', h('p', {}, 'Correct the cause first. Then publish it, or give it up:'), command('tidemark dead-letters retry CONFIG', l.id), command('tidemark dead-letters discard CONFIG', l.id), runbook('dead-letters.md')),
    card('Headers', table(['Name', 'Value'], l.headers.map(x => [h('code', {}, x.name), h('span.text', {}, x.value)]))),
  ];
}
