// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswer } from './answers.js';
import { agentFor, send } from './http.js';

/** A relay may hold a request for this long after the wait, if the offsets that it needs are late. */
const LATENESS_MILLIS = 2000;
/** Maximum time of a call after its wait: the relay's lateness and the network round trip. */
const GRACE_MILLIS = LATENESS_MILLIS + 500;
const FIRST_PAUSE_MILLIS = 50;
const LONGEST_PAUSE_MILLIS = 2000;
const LONGEST_RETRY_AFTER_SECONDS = 60;

/**
 * All relays refuse the request with the same HTTP status, and a retry would not help: the request is malformed, names a
 * projection that no relay has, or has no valid bearer token.
 */
export class RelayRequestError extends Error {
  constructor(httpStatus, message) {
    super(message);
    this.name = 'RelayRequestError';
    this.httpStatus = httpStatus;
  }
}

/** No relay has answered in time. The message has a reason for each relay. */
export class NoRelayAnswered extends Error {}

/** Until when a caller waits, and how much longer a request may take. One for a whole call. */
export class Deadline {
  constructor(waitMillis) {
    this.end = performance.now() + waitMillis;
  }

  /** The rest of the wait in milliseconds; zero when it is over. */
  left() {
    return Math.max(0, this.end - performance.now());
  }

  /** The time that a request may take: the rest of the wait plus a relay's lateness, limited by the remaining grace. */
  leftForARequest() {
    const untilGraceEnds = this.end + GRACE_MILLIS - performance.now();
    return Math.max(0, Math.min(this.left() + LATENESS_MILLIS, untilGraceEnds));
  }
}

/**
 * Asks one relay after another until one answers or the time is over. If a relay is unreachable, is busy (429, 503),
 * refuses, or returns something that is not a relay's answer, the next relay is asked. After each round there is a pause.
 * A relay with `Retry-After` is not asked before that time. Starts with the relay that answered last.
 */
export class Relays {
  #urls;
  #agents;
  #bearerToken;
  #first = 0;

  constructor(relays, { bearerToken, agent } = {}) {
    this.#urls = baseUrls(relays);
    this.#agents = this.#urls.map((url) => agent ?? agentFor(url));
    this.#bearerToken = bearerToken;
  }

  /**
   * The answer of the first relay that answers.
   *
   * @param {(leftMillis: number) => {method: string, path: string, body?: string}} request for the time that is left
   * @param {(json: object) => T} reader of a response; throws NoAnswer
   * @template T
   */
  async ask(request, reader, deadline, signal) {
    const round = this.#urls.map(() => ({ last: null, due: 0 }));
    let pause = FIRST_PAUSE_MILLIS;
    for (;;) {
      for (let i = 0; i < this.#urls.length; i++) {
        const relay = (this.#first + i) % this.#urls.length;
        const timeout = deadline.leftForARequest();
        if (round[relay].due <= performance.now() && timeout > 0) {
          const attempt = await this.#send(relay, request(Math.floor(deadline.left())), reader, timeout, signal);
          if (attempt.answered) {
            this.#first = relay;
            return attempt.answer;
          }
          round[relay] = { last: attempt, due: performance.now() + (attempt.retryAfterMillis ?? 0) };
        }
      }
      refuseIfAllRefuse(round);
      const left = deadline.left();
      const due = Math.max(Math.min(...round.map((relay) => relay.due)) - performance.now(), pause);
      if (left <= due) {
        throw new NoRelayAnswered(this.#reasons(round));
      }
      await sleep(Math.min(due + Math.random() * (due / 2), left), undefined, { signal });
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }

  async #send(relay, { method, path, body }, reader, timeoutMillis, signal) {
    const headers = { accept: 'application/json' };
    try {
      if (this.#bearerToken !== undefined) {
        headers.authorization = `Bearer ${await this.#bearerToken()}`;
      }
      if (body !== undefined) {
        headers['content-type'] = 'application/json';
        headers['content-length'] = Buffer.byteLength(body);
      }
      const url = new URL(this.#urls[relay].href.replace(/\/$/, '') + path);
      const agent = this.#agents[relay];
      return attemptOf(await send({ url, method, headers, body, agent }, timeoutMillis, signal), reader);
    } catch (error) {
      signal?.throwIfAborted();
      return { reason: error.message || String(error.code ?? error) };
    }
  }

  #reasons(round) {
    return round
      .map(({ last }, i) => `${base(this.#urls[i])}: ${last?.reason ?? 'not asked, the time was over'}`)
      .join('; ');
  }
}

function baseUrls(relays) {
  if (!Array.isArray(relays) || relays.length === 0) {
    throw new TypeError('relays is empty; name at least one, for example http://relay:8080');
  }
  return relays.map((relay) => {
    let url;
    try {
      url = new URL(relay);
    } catch {
      url = null;
    }
    if (url === null || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
      throw new TypeError(`relay '${relay}' is not a base URL; write for example http://relay:8080`);
    }
    return url;
  });
}

function base(url) {
  return url.href.replace(/\/$/, '');
}

/** If every relay refuses with the same status, the first refusal is the caller's. */
function refuseIfAllRefuse(round) {
  const refusals = round.map(({ last }) => last?.refusal);
  if (refusals.every((refusal) => refusal !== undefined && refusal.httpStatus === refusals[0].httpStatus)) {
    throw refusals[0];
  }
}

/**
 * What a response means: an answer, a refusal that the relay would repeat, or a reason to ask again later. The only place
 * that looks at HTTP status codes.
 */
function attemptOf(response, reader) {
  const { status } = response;
  const json = parse(response.body);
  const isObject = json !== null && typeof json === 'object' && !Array.isArray(json);
  const detail = isObject && typeof json.detail === 'string' ? json.detail : null;
  if (status === 200 && isObject) {
    try {
      return { answered: true, answer: reader(json) };
    } catch (error) {
      if (error instanceof NoAnswer) {
        return { reason: error.message };
      }
      throw error;
    }
  }
  if (status === 429 || status >= 500) {
    return {
      reason: `HTTP ${status} ${detail ?? whatCame(response, json, isObject)}`,
      retryAfterMillis: retryAfterMillis(response),
    };
  }
  // RFC 9457, the format of a relay's refusal; a gateway's page has another
  if (status >= 400 && detail !== null) {
    const refusal = new RelayRequestError(status, `the relay refuses: HTTP ${status} ${detail}`);
    return { refusal, reason: refusal.message };
  }
  return { reason: `HTTP ${status} ${whatCame(response, json, isObject)}, which is not a relay's answer` };
}

function parse(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function whatCame({ status, headers, body }, json, isObject) {
  if (status >= 300 && status < 400) {
    return `to ${headers.location ?? 'nowhere'}`;
  }
  if (body === '') {
    return 'without a body';
  }
  if (json === undefined) {
    return `with ${headers['content-type'] ?? 'a body that is not JSON'}`;
  }
  return isObject ? 'with JSON that a relay does not write' : 'with JSON that is not an object';
}

/** Seconds, as the relay writes it. A date, the other form of RFC 9110, is ignored. */
function retryAfterMillis({ headers }) {
  const text = headers['retry-after'] ?? '';
  return /^[0-9]{1,9}$/.test(text) ? 1000 * Math.min(Number(text), LONGEST_RETRY_AFTER_SECONDS) : 0;
}
