import {h, card, facts, table, badge, command} from './dom.js';
import {pipeline} from './pipeline.js';
import {bytes, seconds, since, time, REPLICA_LEVEL} from './words.js';
import {runbook} from './frame.js';

export const title = 'Now';

export function render({view, picked, history}) {
  const slot = view.slot, source = picked.source || {};
  return [
    h('section.card', {},
      h('h2', {}, 'The way of an event'),
      h('p#bottleneck', {class: view.bottleneck.step === 'none' ? 'muted' : 'strong'},
        view.bottleneck.owner ? view.bottleneck.owner + ': ' : '', view.bottleneck.sentence),
      pipeline(view, picked)),
    findings(view),
    h('div.columns', {},
      card('Replication slot',
        facts(
          ['Slot', h('code', {}, slot.name || 'unknown')],
          ['Status', badge(slotLevel(slot), slot.status)],
          ['WAL retained', bytes(slot.retainedBytes ?? null)],
          ['Until it is in danger', slot.safeBytes === undefined ? 'no limit is set (max_slot_wal_keep_size)' : bytes(slot.safeBytes)],
          ['Lost in', slot.hoursUntilLost === undefined ? (slot.safeBytes === undefined ? 'never, but the disk can fill' : 'not at the present rate') : seconds(slot.hoursUntilLost * 3600) + ' at the present rate'])),
      card('Accounted for', audit(source))),
    card('Replicas', table(['Replica', 'Role', 'State', 'For', 'Reason', 'Version', '#Answer'],
      view.replicas.map(r => r.source ? [
        [h('code', {}, r.name), r.self ? h('span.muted', {}, ' (answers here)') : ''],
        r.source.role, badge(REPLICA_LEVEL[r.source.state] || 'unknown', r.source.state), since(r.source.since),
        r.source.reason || '–', r.source.version, r.answerMillis + ' ms',
      ] : [h('code', {}, r.name), 'unknown', badge('unknown', 'no answer'), '–', r.problem || '', '–', '–']))),
    h('div.columns', {},
      card('Published events a second', h('div.chart', {chart: {key: 'events', times: history.timesMillis, unit: '', series: [{label: 'events/s', values: rate(history)}]}})),
      card('Behind the WAL', h('div.chart', {chart: {key: 'lags', times: history.timesMillis, unit: 's', series: [
        {label: 'published', values: history.publishLagSeconds}, {label: 'captured', values: history.captureLagSeconds}]}}))),
    h('p.muted', {}, 'The charts show the last hour of the replica that answers, and not what others did.'),
  ];
}

export function rate(history) {
  return history.eventsPublished.map((n, i) => i === 0 ? null
    : Math.max(0, n - history.eventsPublished[i - 1]) / ((history.timesMillis[i] - history.timesMillis[i - 1]) / 1000));
}

function slotLevel(slot) {
  return {reserved: 'fine', extended: 'warning', unreserved: 'bad', lost: 'bad', missing: 'bad'}[slot.status] || 'unknown';
}

function findings(view) {
  return card('Findings', view.findings.length === 0 ? h('p.muted', {}, 'None of the replicas asked has a finding.')
    : h('ul.findings', {}, view.findings.map(f => h('li.' + f.level, {},
      h('p', {}, badge(f.level, {bad: 'act', warning: 'look', unknown: 'unknown', fine: 'fine'}[f.level]), ' ', h('span.text', {}, f.text)),
      h('div.then', {}, command(f.command), runbook(f.runbook))))));
}

function audit(source) {
  const a = source.audit;
  if (!a || source.role !== 'active') return h('p.muted', {}, 'Only the active replica compares rows with Kafka. This one does not know.');
  return [
    facts(['Every row up to', a.accountedUpTo ? a.accountedUpTo + ' (UTC day)' : 'no whole day was compared yet'],
      ['Dead letters written', String(source.deadLettersWritten)],
      source.ignoredChanges ? ['Changes ignored', String(source.ignoredChanges)] : null),
    a.unaccounted.length ? table(['Day', '#Rows not accounted for'], a.unaccounted.map(d => [d.day, String(d.rows)]))
      : h('p.muted', {}, 'No day past the retention has rows that are not accounted for.'),
  ];
}
