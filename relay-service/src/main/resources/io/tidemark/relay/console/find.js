// Where is my event? An event, a token, an aggregate or a dead letter, whatever was put into the box.
import {ask, segments, curl, Refused} from './ask.js';
import {h, badge, card, command, facts, table} from './dom.js';
import {time, LEVEL} from './words.js';
import {draw} from './frame.js';

export const title = 'Find';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LETTER = /^[0-9a-f]{8}\/.+\/[0-9A-F]{8}\/[0-9A-F]{16}\/[0-9A-F]{8}$/i;

let shown = {q: '', kind: '', body: null, problem: '', busy: false, waits: {}};

export function kindOf(q) {
  if (q.startsWith('tm1.') || q.startsWith('ts1.')) return 'token';
  if (UUID.test(q)) return 'event';
  if (LETTER.test(q)) return 'letter';
  return q.includes('/') ? 'aggregate' : '';
}

function pathOf(kind, q) {
  if (kind === 'token') return '/v1/tokens/' + encodeURIComponent(q);
  if (kind === 'event') return '/v1/events/' + encodeURIComponent(q);
  const slash = q.indexOf('/');
  return '/v1/aggregates/' + encodeURIComponent(q.slice(0, slash)) + '/' + segments(q.slice(slash + 1)) + '/events';
}

async function search(q) {
  const kind = kindOf(q);
  shown = {q, kind, body: null, problem: '', busy: true, waits: {}};
  if (kind === 'letter') { location.hash = '#/letters?key=' + encodeURIComponent(q); return; }
  if (!kind) {
    shown.busy = false;
    shown.problem = q ? 'This is not a token (tm1.… or ts1.…), an event id (a UUID), an aggregate (type/id) or a dead-letter key.' : '';
    return;
  }
  const mine = shown;
  try { mine.body = await ask(pathOf(kind, q), {timeout: 30000}); }
  catch (e) { mine.problem = e instanceof Refused ? e.message : 'No answer from the relay.'; }
  mine.busy = false;
  draw();
}

export function render({query, view}) {
  const q = (query.get('q') || '').trim();
  if (q !== shown.q) search(q);
  if (!q) return card('Find an event', h('p', {}, 'Put one of these into the box above:'), table(['What', 'Looks like', 'Shows'], [
    ['Event id', h('code', {}, '2b0c1c9e-…'), 'where this event is, step by step'],
    ['Token', h('code', {}, 'tm1.7f3a9c21.1.0000000A1B2C3D40'), 'how far everything that it covers has come'],
    ['Aggregate', h('code', {}, 'order/4711'), 'its last 50 events that still have a row'],
    ['Dead-letter key', h('code', {}, '7f3a9c21/…/00000001/…'), 'why it could not be published, and the command that mends it'],
  ]));
  const {kind, body, problem, busy} = shown;
  return [
    h('h1.asked', {}, {token: 'Token ', event: 'Event ', aggregate: 'Aggregate '}[kind] || '', h('code', {}, q)),
    busy ? h('p.muted', {}, 'Searching … an event without a fast answer can take up to 16 s.') : null,
    problem ? h('section.card', {}, h('p', {}, badge('unknown', 'not found here'), ' ', h('span.text', {}, problem))) : null,
    body && kind === 'event' ? event(body) : null,
    body && kind === 'token' ? token(body, view) : null,
    body && kind === 'aggregate' ? aggregate(body) : null,
    kind ? card('The same without this page', command(curl(pathOf(kind, q))),
      kind === 'aggregate' ? null : command('tidemark explain', q),
      h('p.muted', {}, 'The address of this page can be shared. It holds what you searched for, and no bearer token.')) : null,
    busy ? null : h('p', {}, h('button', {type: 'button', click() { shown.q = null; draw(); }}, 'Look again')),
  ];
}

function step(level, name, when, ...what) {
  return h('li.' + level, {}, h('h3', {}, badge(level, name)), when ? h('p.when', {}, when) : null, what);
}

const STAGE = {written: 'warning', captured: 'warning', published: 'fine', 'dead-letter': 'bad', expired: 'unknown', unknown: 'unknown'};

function event(e) {
  const late = e.stage === 'written' || e.stage === 'captured';
  const row = e.row, record = e.record;
  const reached = e.stage === 'published' || e.stage === 'captured';
  return [
    card('Its way',
      h('p.strong', {}, badge(STAGE[e.stage] || 'unknown', e.stage), ' ', h('span.text', {}, sentence(e))),
      h('ol.way', {},
        step(row ? 'fine' : 'unknown', row ? 'committed' : 'no row', row ? 'written at ' + time(row.createdAt) : '',
          row ? h('p', {}, row.type, ' of ', h('a', {href: '#/find?q=' + encodeURIComponent(row.aggregateType + '/' + row.aggregateId)}, row.aggregateType + '/' + row.aggregateId))
            : h('p.muted', {}, 'outbox.event has no row with this id: cleanup has removed it, or it never had one.')),
        step(reached ? 'fine' : 'unknown', reached ? 'captured' : 'captured: unknown', '', h('p.muted', {}, 'Read from the replication stream.')),
        e.deadLetter ? step('bad', 'dead letter', '', h('p.text', {}, e.deadLetter.reason), h('p', {}, h('a', {href: '#/letters?key=' + encodeURIComponent(e.deadLetter.key)}, 'Show the dead letter')))
          : step(record ? 'fine' : late ? 'warning' : 'unknown', record ? 'published' : late ? 'not published yet' : 'published: ' + e.stage, e.publishedAt ? 'committed in Kafka by ' + time(e.publishedAt) : '',
            record ? facts(['Topic', h('code', {}, record.topic)], ['Partition', String(record.partition)], ['Offset', String(record.offset)],
              ['Position', h('code', {}, record.position || 'none (replayed)')]) : h('p.text', {}, e.reason || (e.relay.reason ? 'The relay is ' + e.relay.state + ': ' + e.relay.reason : 'It is on its way.'))),
        e.projections.map(p => {
          const at = p.partitions[0], known = at.have !== undefined;
          return step(p.consumed && known ? 'fine' : known ? 'warning' : 'unknown', p.projection + (known ? p.consumed ? ': consumed' : ': not consumed yet' : ': unknown'), '',
            h('p', {}, known ? `needs offset ${at.need}, has ${at.have}` : at.note || 'not known'), at.note && known ? h('p.muted', {}, at.note) : null);
        })),
      e.token ? waitButton(e.token, e.projections.map(p => p.projection)) : null),
    record?.headers ? card('Headers', table(['Name', 'Value'], record.headers.map(x => [h('code', {}, x.name), h('span.text', {}, x.value)])),
      h('p.muted', {}, 'The console never shows a payload.')) : null,
  ];
}

function sentence(e) {
  return e.reason || {
    written: 'Committed, and not published yet.', captured: 'The relay has read it, and Kafka does not have it yet.',
    published: 'It is in Kafka.', 'dead-letter': 'It could not be published, and is a dead letter.',
    expired: 'It was published and is not in Kafka any more.',
  }[e.stage] || 'Where it is, is not known.';
}

function token(t) {
  const fine = t.stage === 'published';
  return card('Everything that it covers',
    h('p.strong', {}, badge(fine ? 'fine' : /written|captured/.test(t.stage) ? 'warning' : 'unknown', t.stage), ' ',
      fine ? 'Everything at or below it is in Kafka' + (t.publishedAt ? ' since ' + time(t.publishedAt) + ' or earlier.' : '.') : 'Published is ' + t.published + '.'),
    table(['Projection', 'Answer', 'Reason', '#Behind in'], t.projections.map(p => [
      h('a', {href: '#/projections/' + encodeURIComponent(p.projection)}, p.projection),
      badge(p.status === 'success' ? 'fine' : p.status === 'timeout' ? 'warning' : LEVEL[p.status] || 'unknown', p.status === 'timeout' ? 'not yet' : p.status || 'unknown'),
      p.reason || '–', (p.behind || []).length + ' partitions'])),
    fine || t.stage === 'written' || t.stage === 'captured' ? waitButton(t.token, t.projections.map(p => p.projection)) : null);
}

function waitButton(tokenText, names) {
  const all = names.length > 0 ? names : [];
  return h('div.wait', {}, all.map(name => {
    const state = shown.waits[name];
    return h('p', {}, h('button', {type: 'button', disabled: state === 'waiting', async click() {
      const mine = shown;
      mine.waits[name] = 'waiting';
      draw();
      mine.waits[name] = await waitFor(name, tokenText, '20s');
      draw();
    }}, 'Wait for ' + name), ' ', !state ? null : state === 'waiting' ? h('span.muted', {}, 'waiting, at most 20 s …') : outcome(state));
  }));
}

export async function waitFor(name, tokenText, wait) {
  const path = '/v1/projections/' + encodeURIComponent(name) + '/watermark?strict=false&wait=' + wait + '&token=' + encodeURIComponent(tokenText);
  try { return await ask(path, {timeout: 60000}); } catch (e) { return {status: 'unknown', reason: e.message}; }
}

export function outcome(answer) {
  return h('span', {}, badge(answer.status === 'success' ? 'fine' : answer.status === 'timeout' ? 'warning' : 'unknown', answer.status),
    ' ', h('span.text', {}, answer.reason || (answer.status === 'success' ? 'caught up' : answer.phase ? 'still behind at the ' + answer.phase : '')),
    answer.waitedMillis === undefined ? '' : ' after ' + answer.waitedMillis + ' ms');
}

function aggregate(a) {
  return card('Its last events', a.complete ? null : h('p', {}, badge('unknown', 'not complete'), ' ', h('span.text', {}, a.note)),
    table(['Event', 'Type', 'Written', 'Headers'], a.events.map(e => [
      h('a', {href: '#/find?q=' + e.id}, h('code', {}, e.id)), h('span.text', {}, e.type), time(e.createdAt),
      h('span.text', {}, Object.entries(e.headers).map(([k, v]) => k + ': ' + v).join(', ') || '–')]),
    'No row of this aggregate is in outbox.event. Events of outbox.emit() have none, and cleanup removes old ones.'),
    h('p.muted', {}, 'Newest first, at most 50, as long as outbox.retention keeps them.'));
}
