// The way of an event as a picture: five places of the WAL, and the projections behind the topic.
import {svg} from './dom.js';
import {bytes, gap, seconds, LEVEL, RANK} from './words.js';

const SHAPE = {fine: '●', warning: '▲', bad: '■', unknown: '?'};
const MOST = 6;

function steps(replica, lags) {
  const s = replica.source || {};
  const confirmed = s.slot?.confirmed || null;
  const known = v => v && v !== '0/0' ? v : null;
  return [
    {key: 'head', name: 'WAL head', what: 'committed in Postgres', at: known(s.walHead)},
    {key: 'sent', name: 'Sent', what: 'by the walsender', at: known(s.sentLsn)},
    {key: 'captured', name: 'Captured', what: 'by the relay', at: known(s.captured), lag: lags.capture},
    {key: 'published', name: 'Published', what: 'readable in Kafka', at: known(s.published), lag: lags.publish},
    {key: 'confirmed', name: 'Confirmed', what: 'to the slot', at: known(confirmed)},
  ];
}

function box(x, y, w, hgt, step, slow) {
  return svg('g', {class: 'step' + (step.at ? '' : ' unknown') + (slow ? ' slow' : '')},
    svg('rect', {x, y, width: w, height: hgt, rx: 8}),
    svg('text', {x: x + 12, y: y + 22, class: 'name'}, step.name),
    svg('text', {x: x + 12, y: y + 39, class: 'what'}, step.what),
    svg('text', {x: x + 12, y: y + 57, class: 'lsn'}, step.at || 'unknown'));
}

function arrow(x1, y1, x2, y2, slow) {
  const down = x1 === x2;
  const head = down ? `M${x2 - 5} ${y2 - 8}L${x2} ${y2}L${x2 + 5} ${y2 - 8}` : `M${x2 - 8} ${y2 - 5}L${x2} ${y2}L${x2 - 8} ${y2 + 5}`;
  return svg('path', {class: 'arrow' + (slow ? ' slow' : ''), d: `M${x1} ${y1}L${x2} ${y2}${head}`});
}

function gapTexts(from, to) {
  const distance = gap(from.at, to.at);
  return [distance === null ? 'unknown' : distance === 0 ? 'even' : bytes(distance),
    to.lag === undefined || to.lag === null ? '' : seconds(to.lag)];
}

export function pipeline(view, replica) {
  const wide = document.documentElement.clientWidth >= 900;
  const slow = view.bottleneck.step;
  const all = steps(replica, {capture: replica.captureLagSeconds, publish: replica.publishLagSeconds});
  const projections = [...(replica.projections || [])].sort((a, b) => RANK[a.state] - RANK[b.state] || (b.lagSeconds || 0) - (a.lagSeconds || 0));
  const label = all.map(s => s.name + ' ' + (s.at || 'unknown')).join(', ') + '. ' + view.bottleneck.sentence;
  return wide ? across(all, projections, slow, label) : down(all, projections, slow, label);
}

function across(all, projections, slow, label) {
  const W = 156, H = 70, GAP = 92, Y = 10, parts = [];
  all.forEach((step, i) => {
    const x = 2 + i * (W + GAP);
    if (i > 0) {
      const isSlow = slow === step.key, [above, below] = gapTexts(all[i - 1], step);
      parts.push(arrow(x - GAP + 4, Y + H / 2, x - 4, Y + H / 2, isSlow),
        svg('text', {x: x - GAP / 2, y: Y + H / 2 - 10, class: 'gap'}, above),
        below && svg('text', {x: x - GAP / 2, y: Y + H / 2 + 20, class: 'gap'}, below),
        isSlow && svg('text', {x: x - GAP / 2, y: Y + H / 2 + 36, class: 'gap slow'}, '▲ slowest'));
    }
    parts.push(box(x, Y, W, H, step, slow === step.key));
  });
  const x = 2 + 3 * (W + GAP), rowX = x + 40, width = 5 * W + 4 * GAP - rowX + 2;
  const shown = projections.slice(0, MOST);
  shown.forEach((p, i) => {
    const y = Y + H + 34 + i * 46;
    parts.push(svg('path', {class: 'arrow' + (slow === 'projection:' + p.projection ? ' slow' : ''), d: `M${x + 20} ${Y + H + 4}V${y + 18}H${rowX - 4}m-8 -5l8 5l-8 5`}));
    parts.push(row(rowX, y, width, p, slow === 'projection:' + p.projection));
  });
  const height = Y + H + 40 + Math.max(0, shown.length) * 46 + (projections.length > MOST ? 22 : 0);
  if (projections.length > MOST) parts.push(svg('text', {x: rowX, y: height - 10, class: 'what'}, `and ${projections.length - MOST} more on the page Projections`));
  return svg('svg', {class: 'pipeline', viewBox: `0 0 ${5 * W + 4 * GAP + 4} ${height}`, role: 'img', 'aria-label': label}, parts);
}

function row(x, y, width, p, isSlow) {
  const level = LEVEL[p.state] || 'unknown';
  const lag = p.lagRecords === undefined ? 'unknown' : p.lagRecords === 0 ? 'caught up' : p.lagRecords + ' records' + (p.lagSeconds === undefined ? '' : ', ' + seconds(p.lagSeconds));
  return svg('g', {class: 'projection ' + level + (isSlow ? ' slow' : '')},
    svg('rect', {x, y, width, height: 36, rx: 8}),
    svg('text', {x: x + 12, y: y + 23, class: 'state'}, SHAPE[level]),
    svg('text', {x: x + 30, y: y + 23, class: 'name'}, p.projection.length > 24 ? p.projection.slice(0, 23) + '…' : p.projection),
    svg('text', {x: x + width - 12, y: y + 23, class: 'lag'}, p.state + ' · ' + lag + (isSlow ? ' · ▲ slowest' : '')));
}

function down(all, projections, slow, label) {
  const W = 356, H = 70, GAP = 40, parts = [];
  let y = 4;
  all.forEach((step, i) => {
    if (i > 0) {
      const isSlow = slow === step.key, [above, below] = gapTexts(all[i - 1], step);
      parts.push(arrow(30, y - GAP + 4, 30, y - 4, isSlow),
        svg('text', {x: 46, y: y - GAP / 2 + 4, class: 'gap start' + (isSlow ? ' slow' : '')}, [above, below].filter(Boolean).join(' · ') + (isSlow ? ' ▲ slowest' : '')));
    }
    parts.push(box(2, y, W, H, step, slow === step.key));
    y += H + GAP;
  });
  projections.slice(0, MOST).forEach(p => {
    parts.push(row(22, y - GAP + 14, W - 20, p, slow === 'projection:' + p.projection));
    y += 44;
  });
  return svg('svg', {class: 'pipeline narrow', viewBox: `0 0 360 ${y - GAP + 20}`, role: 'img', 'aria-label': label}, parts);
}
