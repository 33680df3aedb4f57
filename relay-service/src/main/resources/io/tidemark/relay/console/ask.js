// Requests to this relay, and to no other host.
const KEY = 'tidemark.bearer';

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || 'HTTP ' + status);
    this.status = status;
    this.code = problem.code || '';
  }
}

export function keepToken(token) { sessionStorage.setItem(KEY, token); }
export function forgetToken() { sessionStorage.removeItem(KEY); }
export function hasToken() { return sessionStorage.getItem(KEY) !== null; }

/** The body of the answer; throws Refused with the relay's own words, or a network error. */
export async function ask(path, {timeout = 20000, accept = 'application/json'} = {}) {
  const headers = {Accept: accept};
  const token = sessionStorage.getItem(KEY);
  if (token) headers.Authorization = 'Bearer ' + token;
  const response = await fetch('..' + path, {
    headers, credentials: 'omit', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(timeout),
  });
  const text = await response.text();
  let body = {};
  try { body = JSON.parse(text); } catch { body = {detail: text.slice(0, 200)}; }
  if (!response.ok) throw new Refused(response.status, body);
  return body;
}

/** A path segment; slashes stay, because the API takes them in aggregate ids. */
export function segments(text) { return text.split('/').map(encodeURIComponent).join('/'); }

export function curl(path) {
  const auth = hasToken() ? ' -H "Authorization: Bearer $TOKEN"' : '';
  return 'curl -s' + auth + " '" + new URL('..' + path, location.href.split('#')[0]).href.replaceAll("'", '%27') + "'";
}
