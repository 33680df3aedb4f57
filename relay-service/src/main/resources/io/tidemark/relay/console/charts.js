// uPlot where a chart needs axes, a bare line where it does not.
import {svg} from './dom.js';
import {zone} from './words.js';

const COLOURS = ['--line1', '--line2', '--line3', '--line4'];
const DASHES = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

export function sparkline(values, label) {
  const known = values.filter(v => v !== null);
  const w = 120, t = 28;
  if (known.length < 2) return svg('svg', {class: 'spark', viewBox: `0 0 ${w} ${t}`, role: 'img', 'aria-label': label + ': not known yet'});
  const top = Math.max(...known, 1e-9);
  const step = w / (values.length - 1);
  const parts = [];
  let pen = 'M';
  values.forEach((v, i) => {
    if (v === null) { pen = 'M'; return; }
    parts.push(pen + (i * step).toFixed(1) + ' ' + (t - 2 - v / top * (t - 4)).toFixed(1));
    pen = 'L';
  });
  return svg('svg', {class: 'spark', viewBox: `0 0 ${w} ${t}`, role: 'img', 'aria-label': `${label}: at most ${top}`, preserveAspectRatio: 'none'},
    svg('path', {d: parts.join('')}));
}

/** After every change of the page: makes or updates the charts in it. */
export function drawCharts(root) {
  for (const element of root.querySelectorAll('[data-chart]')) draw(element);
}

function draw(element) {
  const {times, series, unit, height = 150} = element.chart;
  const data = [times.map(t => t / 1000), ...series.map(s => s.values)];
  const width = Math.max(200, element.clientWidth);
  const style = getComputedStyle(document.documentElement);
  const theme = style.getPropertyValue('--ink') + zone.utc + series.map(s => s.label).join();
  if (element.plot && element.theme === theme) {
    if (element.plot.width !== width) element.plot.setSize({width, height});
    element.plot.setData(data);
    return;
  }
  element.plot?.destroy();
  element.theme = theme;
  const ink = style.getPropertyValue('--muted').trim(), grid = style.getPropertyValue('--rule').trim();
  const axis = {stroke: ink, grid: {stroke: grid, width: 1}, ticks: {stroke: grid}, font: '12px system-ui, sans-serif'};
  element.plot = new uPlot({
    width, height, tzDate: zone.utc ? at => uPlot.tzDate(new Date(at * 1e3), 'UTC') : undefined,
    cursor: {y: false}, legend: {live: true}, scales: {y: {range: (u, min, max) => [0, Math.max(max || 0, 1e-3) * 1.1]}},
    axes: [{...axis, values: [[3600, '{HH}:{mm}'], [60, '{HH}:{mm}'], [1, '{HH}:{mm}:{ss}']]},
      {...axis, size: 62, values: (u, ticks) => ticks.map(v => (v >= 1000 ? v.toLocaleString('en') : +v.toFixed(3)) + (unit ? ' ' + unit : ''))}],
    series: [{label: 'Time', value: (u, v, at, i) => clock(i === null || i === undefined ? latest(u.data[0]) : v)}, ...series.map((s, i) => ({
      label: s.label, stroke: style.getPropertyValue(COLOURS[i % COLOURS.length]).trim(), width: 1.75, dash: DASHES[i % DASHES.length],
      points: {show: false}, value: (u, v, at, i) => legend(i === null || i === undefined ? latest(u.data[at]) : v, unit),
    }))],
  }, data, element);
}

function latest(values) { return values.length ? values[values.length - 1] : null; }
function legend(v, unit) { return v === null || v === undefined ? 'unknown' : +v.toFixed(3) + (unit ? ' ' + unit : ''); }
function clock(v) {
  if (!v) return '';
  const at = new Date(v * 1000);
  return zone.utc ? at.toISOString().slice(11, 19) : at.toTimeString().slice(0, 8);
}
