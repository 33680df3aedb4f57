// SPDX-License-Identifier: Apache-2.0
import { carriedTokens, kept, TOKEN_HEADER } from './carried.js';
import { requireTimeout, WatermarkClient } from './client.js';
import { PLAIN, TokenSeal, tokenOf } from './seal.js';

export const STATUS_HEADER = 'Tidemark-Status';

const READS = ['GET', 'HEAD'];
const DEFAULT_TIMEOUT_MILLIS = 750;
const DEFAULT_COOKIE = { path: '/', domain: '', sameSite: 'Lax', maxAgeSeconds: 300, secure: 'auto' };
const COOKIE_VALUES = {
  path: /^\/[!-:<-~]*$/,
  domain: /^[A-Za-z0-9.-]{0,253}$/,
  sameSite: /^(Strict|Lax|None)$/,
  maxAgeSeconds: /^[1-9][0-9]{0,8}$/,
  secure: /^(auto|true|false)$/,
};

/** What a refusal tells a caller; the answer has more, for the application. */
const REFUSALS = {
  unreadable: [400, 'Bad Request', 'send the token that the server returned, or omit it'],
  ahead: [409, 'Conflict', 'the token is not of this database'],
  diverged: [409, 'Conflict', 'the write of the token was lost in a failover'],
  foreign: [409, 'Conflict', 'the token is of a database that is not known here'],
  expired: [410, 'Gone', 'the token is too old'],
};
const NOT_YET = [503, 'Service Unavailable', 'the data does not show your last write yet; try again'];

/** The tokens of one request: received with it, and written while it is served. */
export class RequestTokens {
  received;
  unreadable;
  status = '';
  answer = null;
  #written = null;
  #hasCookie;
  #isCookieReplaced;
  #isReplaced = false;
  #form;
  #changed;

  constructor({ token, unreadable, hasCookie, isCookieSpoilt }, form) {
    this.#form = form;
    this.received = token;
    this.unreadable = unreadable;
    this.#hasCookie = hasCookie;
    this.#isCookieReplaced = isCookieSpoilt;
  }

  /**
   * Whether a read of the projection sees all writes of the caller; true if it brings no token. False if no relay was
   * asked, or if a part of the token could not be read.
   */
  get isCaughtUp() {
    return this.unreadable === '' && (this.status === 'none' || this.status === 'success');
  }

  /** Adds the token of a write to those that the response returns. Call it before the response is sent. */
  written(token) {
    const added = tokenOf(token, this.#form);
    this.#written = this.#written === null ? added : this.#written.merge(added);
    this.#changed?.();
  }

  /**
   * Replaces the request's token by the one that a relay's answer says to continue with, so that the caller does not
   * return with a part whose write was lost. The middleware does it for its own question.
   */
  carryOn(token) {
    const left = token === null ? null : tokenOf(token, this.#form);
    if (String(left) !== String(this.received)) {
      this.received = left;
      this.#isReplaced = true;
      this.#isCookieReplaced ||= this.#hasCookie;
      this.#changed?.();
    }
  }

  /** For the middleware: calls this after every change. */
  onChange(changed) {
    this.#changed = changed;
  }

  /**
   * What the response has of them.
   *
   * @returns {{token?: string, setCookie?: string}} an empty token: the caller has none any more
   */
  response(cookieOf) {
    const token = kept(this.received, this.#written);
    const text = token === null ? null : this.#form.seal(token);
    const setsCookie = cookieOf !== null && (this.#written !== null || this.#isCookieReplaced);
    return {
      token: token !== null || this.#isReplaced ? (text ?? '') : undefined,
      setCookie: setsCookie ? cookieOf(text) : undefined,
    };
  }
}

/** Reads the tokens of requests, and waits for them before reads. Knows no framework. */
export class TokenGate {
  #client;
  #projection;
  #timeoutMillis;
  #otherwise;
  #rejectsUnreadable;
  #waitsBefore;
  #cookie;
  #form;

  constructor(options) {
    const { client, projection, timeoutMillis = DEFAULT_TIMEOUT_MILLIS, otherwise = 'pass', cookie = {} } = options;
    const { unreadableTokens = otherwise === 'fail' ? 'reject' : 'ignore', waitsBefore } = options;
    const { seal = client?.seal } = options;
    if (seal !== undefined && !(seal instanceof TokenSeal)) {
      throw new TypeError('seal is not a TokenSeal; write seal: TokenSeal.fromFile(…)');
    }
    if (projection !== undefined && !(client instanceof WatermarkClient)) {
      throw new TypeError('client is not a WatermarkClient; write client: new WatermarkClient([…])');
    }
    if (!['string', 'function', 'undefined'].includes(typeof projection) || projection === '') {
      throw new TypeError(`projection '${projection}' is neither a name nor a function of the request`);
    }
    requireTimeout(timeoutMillis);
    if (typeof otherwise !== 'function') {
      requireOneOf('otherwise', otherwise, ['pass', 'fail'], ', or a function');
    }
    requireOneOf('unreadableTokens', unreadableTokens, ['ignore', 'reject']);
    this.#form = seal ?? PLAIN;
    this.#client = client;
    this.#projection = typeof projection === 'function' ? projection : () => projection;
    this.#timeoutMillis = timeoutMillis;
    this.#otherwise = otherwise;
    this.#rejectsUnreadable = unreadableTokens === 'reject';
    this.#waitsBefore = waitsBefore ?? ((request) => READS.includes(request.method));
    this.#cookie = cookie === false ? null : checkedCookie(cookie);
  }

  /**
   * Reads the tokens of a request and, before a read, waits for them.
   *
   * @param {{method: string, headerLines: string[], cookieLines: string[], before?: RequestTokens}} facts `before` are the
   *     tokens that another gate has read from the same request
   * @param {object} request the framework's, for the functions in the options
   * @returns {Promise<{tokens: RequestTokens, refusal: object | null}>}
   */
  async enter({ headerLines, cookieLines, before }, request, signal) {
    const tokens = before ?? new RequestTokens(carriedTokens(headerLines, cookieLines, this.#form), this.#form);
    if (tokens.unreadable !== '' && (this.#rejectsUnreadable || tokens.received === null)) {
      tokens.status = 'unreadable';
      return { tokens, refusal: this.#rejectsUnreadable ? refusalOf(tokens) : null };
    }
    if (tokens.received === null) {
      tokens.status = 'none';
      return { tokens, refusal: null };
    }
    const projection = this.#projection(request);
    if (!projection || !this.#waitsBefore(request)) {
      return { tokens, refusal: null };
    }
    const { answer } = await this.#client.awaitOrRefusal(projection, tokens.received, {
      timeoutMillis: this.#timeoutMillis,
      signal,
    });
    tokens.answer = answer;
    tokens.status = answer.status;
    tokens.carryOn(answer.token);
    const passes = answer.isCaughtUp || (await this.#decide(answer, request)) === 'pass';
    return { tokens, refusal: passes ? null : refusalOf(tokens) };
  }

  async #decide(answer, request) {
    const otherwise = this.#otherwise;
    const decision = typeof otherwise === 'function' ? await otherwise(answer, request) : otherwise;
    requireOneOf('the result of otherwise', decision, ['pass', 'fail']);
    return decision;
  }

  /** Makes the value of `Set-Cookie` for a token; null if the gate sets no cookie. */
  cookieOf(isSecure) {
    if (this.#cookie === null) {
      return null;
    }
    const { path, domain, sameSite, maxAgeSeconds, secure } = this.#cookie;
    return (text) =>
      [
        `${TOKEN_HEADER}=${text ?? ''}`,
        `Path=${path}`,
        ...(domain === '' ? [] : [`Domain=${domain}`]),
        'HttpOnly',
        `SameSite=${sameSite}`,
        ...((secure === 'auto' ? isSecure : secure) ? ['Secure'] : []),
        `Max-Age=${text === null ? 0 : maxAgeSeconds}`,
      ].join('; ');
  }
}

function refusalOf({ status, unreadable }) {
  const [http, title, detail] = REFUSALS[status] ?? NOT_YET;
  const problem = {
    type: 'about:blank',
    title,
    status: http,
    detail: status === 'unreadable' ? `${TOKEN_HEADER}: ${unreadable}; ${detail}` : detail,
  };
  const headers = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };
  return { status: http, headers: http === 503 ? { ...headers, 'Retry-After': '1' } : headers, body: JSON.stringify(problem) };
}

function checkedCookie(cookie) {
  if (cookie === null || typeof cookie !== 'object') {
    throw new TypeError(`cookie is ${cookie}; write false, or an object such as {path: '/', secure: true}`);
  }
  for (const [attribute, value] of Object.entries(cookie)) {
    const known = COOKIE_VALUES[attribute];
    if (known === undefined) {
      throw new TypeError(`cookie.${attribute} is not known; known are ${Object.keys(COOKIE_VALUES).join(', ')}`);
    }
    if (!known.test(String(value))) {
      throw new TypeError(`cookie.${attribute} '${value}' is not valid; it must match ${known.source}`);
    }
  }
  return { ...DEFAULT_COOKIE, ...cookie };
}

function requireOneOf(name, value, known, more = '') {
  if (!known.includes(value)) {
    throw new TypeError(`${name} '${value}' is not known; write ${known.join(' or ')}${more}`);
  }
}
