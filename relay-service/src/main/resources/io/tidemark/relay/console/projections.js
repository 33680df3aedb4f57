// Which read model falls behind, and which partition of it.
import {ask, Refused} from './ask.js';
import {h, badge, card, facts, table, command} from './dom.js';
import {sparkline} from './charts.js';
import {bytes, number, seconds, since, time, LEVEL, RANK} from './words.js';
import {draw, runbook} from './frame.js';

export const title = 'Projections';

const moved = new Map(); // when this page saw an offset move
let partitions = {name: '', list: null, problem: ''};
const began = Date.now();

export async function poll({detail}) {
  if (!detail) return;
  try {
    const standing = await ask('/v1/projections/' + encodeURIComponent(detail));
    const told = await ask('/v1/tokens/' + encodeURIComponent(standing.token) + '?projection=' + encodeURIComponent(detail));
    partitions = {name: detail, list: told.projections[0]?.partitions || [], problem: told.projections[0]?.reason || ''};
    for (const p of partitions.list) {
      const key = detail + ' ' + p.topic + ' ' + p.partition, before = moved.get(key);
      if (!before || before.have !== p.have) moved.set(key, {have: p.have, at: before ? Date.now() : null});
    }
  } catch (e) {
    if (e.status === 401) throw e;
    partitions = {name: detail, list: null, problem: e instanceof Refused ? e.message : 'No answer from the relay.'};
  }
}

function past(history, name) {
  return history.projections.find(p => p.projection === name) || {lagRecords: [], lagSeconds: [], states: [], members: []};
}

/** Records a second by which the lag has shrunk over the last minute; negative if it grows; null if not known. */
export function shrinking(history, name) {
  const lag = past(history, name).lagRecords, times = history.timesMillis;
  const last = lag.length - 1;
  let first = Math.max(0, last - 12);
  while (first < last && lag[first] === null) first++;
  if (last < 1 || first >= last || lag[first] === null || lag[last] === null) return null;
  return (lag[first] - lag[last]) / ((times[last] - times[first]) / 1000);
}

function trend(history, p) {
  const rate = shrinking(history, p.projection);
  if (rate === null) return 'unknown';
  if (Math.abs(rate) < 0.05) return p.lagRecords ? '→ steady' : '→ caught up';
  return rate > 0 ? `↓ shrinks by ${rate.toFixed(1)}/s` : `↑ grows by ${(-rate).toFixed(1)}/s`;
}

function catchUp(history, p) {
  if (p.lagRecords === 0) return 'caught up';
  const rate = shrinking(history, p.projection);
  if (rate === null || p.lagRecords === undefined) return 'unknown';
  return rate > 0.05 ? 'in about ' + seconds(p.lagRecords / rate) : 'not at the present rate';
}

export function render({detail, ...rest}) { return detail ? one(detail, rest) : all(rest); }

function all({picked, history}) {
  if (!picked.projections) return card('Projections', h('p', {}, badge('unknown', 'unknown'), ' ', h('span.text', {}, picked.projectionsProblem || picked.problem || 'This replica did not report them.')));
  const worst = [...picked.projections].sort((a, b) => RANK[a.state] - RANK[b.state] || (b.lagSeconds ?? 0) - (a.lagSeconds ?? 0) || (b.lagRecords ?? 0) - (a.lagRecords ?? 0));
  return [
    card('Projections, worst first', table(['Projection', 'State', 'For', '#Records behind', '#Behind', 'Trend', 'Caught up', '#Members', 'Last hour'], worst.map(p => [
      h('a', {href: '#/projections/' + encodeURIComponent(p.projection)}, p.projection),
      badge(LEVEL[p.state] || 'unknown', p.state), p.stateSeconds === undefined ? 'unknown' : seconds(p.stateSeconds),
      number(p.lagRecords), seconds(p.lagSeconds ?? null), trend(history, p), catchUp(history, p),
      p.members === undefined ? 'unknown' : String(p.members), sparkline(past(history, p.projection).lagRecords, 'records behind'),
    ]), 'No projection is configured: add projections[] to the relay, to see how far its groups are.')),
    worst.filter(p => p.reason).map(p => card(p.projection, h('p.text', {}, p.reason))),
    h('p.muted', {}, 'Records behind count offsets, so the number of events is at most this. Trend and last hour are those of the replica that answers.'),
  ];
}

function one(name, {picked, history}) {
  const p = (picked.projections || []).find(x => x.projection === name);
  if (!p) return [h('h1', {}, name), card('Unknown', h('p', {}, badge('unknown', 'unknown'), ' This replica does not report a projection of that name.'))];
  const mine = past(history, name), mineParts = partitions.name === name ? partitions : {list: null, problem: ''};
  return [
    h('h1', {}, h('span', {}, name), ' ', badge(LEVEL[p.state] || 'unknown', p.state)),
    p.reason ? h('section.card', {}, h('p.text', {}, p.reason), runbook(p.state === 'unknown' ? 'operations.md#a-projection-is-unknown' : 'operations.md#tidemarkgroupstalled')) : null,
    h('div.columns', {},
      card('Now', facts(['Group', h('code', {}, p.group || 'unknown')], ['In this state for', p.stateSeconds === undefined ? 'unknown' : seconds(p.stateSeconds)],
        ['Members', p.members === undefined ? 'unknown' : String(p.members)], ['Behind', `${number(p.lagRecords)} records, ${bytes(p.lagBytes ?? null)} of WAL, ${seconds(p.lagSeconds ?? null)}`],
        ['Trend', trend(history, p)], ['Caught up', catchUp(history, p)], ['Watermark', h('code', {}, p.watermark || 'unknown')])),
      card('What bounds its freshness',
        h('p', {}, 'The relay knows only what the group has committed. So the commit interval of its consumers is added to every wait:'),
        table(['Client', 'Setting', 'Default'], [['Java KafkaConsumer', h('code', {}, 'auto.commit.interval.ms'), '5 s'], ['Kafka Streams', h('code', {}, 'commit.interval.ms'), '30 s; 100 ms exactly once'],
          ['Kafka Connect sink', h('code', {}, 'offset.flush.interval.ms'), '60 s'], ['librdkafka', h('code', {}, 'auto.commit.interval.ms'), '5 s'], ['Tidemark’s ProjectionRunner', '–', 'after each batch']]), runbook('consumer-settings.md'))),
    card('Partitions', mineParts.problem ? h('p.text', {}, mineParts.problem) : null,
      mineParts.list === null ? h('p.muted', {}, 'Asking …') : table(['Topic', '#Partition', '#Needs', '#Has', '#Behind', 'Last move'],
        [...mineParts.list].sort((a, b) => behind(b) - behind(a)).map(x => [h('code', {}, x.topic), String(x.partition), String(x.need), x.have === undefined ? 'unknown' : String(x.have),
          x.have === undefined ? 'unknown' : behind(x) ? badge('warning', String(behind(x))) : badge('fine', '0'), lastMove(name, x)]), 'Nothing has to be consumed yet.')),
    card('The last hour', h('div.chart', {chart: {key: 'lag-' + name, times: history.timesMillis, unit: '', series: [{label: 'records behind', values: fit(mine.lagRecords, history)}]}}),
      h('div.chart', {chart: {key: 'secs-' + name, times: history.timesMillis, unit: 's', series: [{label: 'seconds behind', values: fit(mine.lagSeconds, history)}]}})),
    card('States in the last hour', table(['From', 'State', 'Lasted'], changes(mine.states, history.timesMillis).map(c => [time(new Date(c.at).toISOString()), badge(LEVEL[c.state] || 'unknown', c.state || 'unknown'), seconds(c.millis / 1000)]),
      'No sample yet.')),
    card('Look closer', command('kafka-consumer-groups.sh --bootstrap-server SERVER --describe --group', p.group || name)),
  ];
}

function fit(values, history) { return values.length ? values : history.timesMillis.map(() => null); }
function behind(x) { return x.have === undefined ? -1 : Math.max(0, x.need - x.have); }

function lastMove(name, x) {
  const seen = moved.get(name + ' ' + x.topic + ' ' + x.partition);
  if (seen?.at) return seconds((Date.now() - seen.at) / 1000) + ' ago';
  return 'not since this page was opened, ' + seconds((Date.now() - began) / 1000) + ' ago';
}

function changes(states, times) {
  const found = [];
  states.forEach((state, i) => {
    const last = found[found.length - 1];
    if (last && last.state === state) last.millis = times[i] - last.at;
    else { if (last) last.millis = times[i] - last.at; found.push({state, at: times[i], millis: 0}); }
  });
  return found.reverse().slice(0, 50);
}
