// Numbers, times and LSNs for people.
const ZONE = 'tidemark.zone';

export const zone = {
  get utc() { return localStorage.getItem(ZONE) !== 'local'; },
  flip() { localStorage.setItem(ZONE, this.utc ? 'local' : 'utc'); },
};

export function bytes(n) {
  if (n === null || n === undefined || Number.isNaN(n)) return 'unknown';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = Number(n), unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) { value /= 1024; unit++; }
  return (unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)) + ' ' + units[unit];
}

export function number(n) { return n === null || n === undefined ? 'unknown' : Number(n).toLocaleString('en'); }

export function seconds(s) {
  if (s === null || s === undefined || Number.isNaN(s)) return 'unknown';
  if (s < 1) return s === 0 ? '0 s' : Math.max(1, Math.round(s * 1000)) + ' ms';
  if (s < 10) return s.toFixed(1) + ' s';
  if (s < 120) return Math.round(s) + ' s';
  if (s < 7200) return Math.round(s / 60) + ' min';
  if (s < 172800) return Math.round(s / 3600) + ' h';
  return Math.round(s / 86400) + ' days';
}

export function time(text) {
  if (!text) return 'unknown';
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  const two = n => String(n).padStart(2, '0');
  const u = zone.utc;
  const day = u ? [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()] : [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  const clock = u ? [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()] : [at.getHours(), at.getMinutes(), at.getSeconds()];
  const millis = String(at.getMilliseconds()).padStart(3, '0');
  return day.map(two).join('-') + ' ' + clock.map(two).join(':') + (text.includes?.('.') ? '.' + millis : '') + (u ? ' UTC' : ' local');
}

/** "3 min ago", with the moment itself beside it. */
export function since(text) {
  if (!text) return 'unknown';
  return seconds(Math.max(0, (Date.now() - new Date(text).getTime()) / 1000)) + ' (since ' + time(text) + ')';
}

export function lsn(text) {
  if (!text || !text.includes('/')) return null;
  const [high, low] = text.split('/');
  return (BigInt('0x' + high) << 32n) | BigInt('0x' + low);
}

/** Bytes from {behind} up to {ahead}; null if one of them is not known, or is not known yet. */
export function gap(ahead, behind) {
  const a = lsn(ahead), b = lsn(behind);
  if (a === null || b === null || a === 0n || b === 0n) return null;
  return a > b ? Number(a - b) : 0;
}

export const LEVEL = {running: 'fine', lagging: 'warning', rebuilding: 'warning', stalled: 'bad', stopped: 'bad', unknown: 'unknown'};
export const RANK = {stopped: 0, stalled: 1, unknown: 2, rebuilding: 3, lagging: 4, running: 5};
export const REPLICA_LEVEL = {running: 'fine', standby: 'fine', starting: 'warning', retrying: 'bad', halted: 'bad', stopped: 'bad'};
