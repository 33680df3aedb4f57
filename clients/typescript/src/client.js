// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CombinedAnswer, WatermarkAnswer, readAnswer, readCombined } from './answers.js';
import { Deadline, NoRelayAnswered, RelayRequestError, Relays } from './relays.js';
import { Freshness } from './freshness.js';
import { PLAIN, TokenSeal } from './seal.js';

/** Delay between two requests, for relays with a short `watermark.maxWait`. */
const PAUSE_MILLIS = 100;
const MAX_TIMEOUT_MILLIS = 24 * 60 * 60 * 1000;
const LOG_INTERVAL_MILLIS = 60_000;

/** A projection has not caught up within the timeout, and the caller chose the fallback `fail`. */
export class NotCaughtUpError extends Error {
  constructor(message, answer, cause) {
    super(message, { cause });
    this.name = 'NotCaughtUpError';
    this.answer = answer;
  }
}

/**
 * Asks relays whether projections have caught up with a token. A call takes at most its timeout plus 2.5 seconds, for any
 * number of relays: a relay may answer up to two seconds late. Holds connections, so create one for each process.
 */
export class WatermarkClient {
  #relays;
  #form;
  #warn;
  #nextLog = -Infinity;

  /**
   * @param {ReadonlyArray<string | URL>} relays base URLs of one or more replicas
   * @param {import('./index.js').WatermarkClientOptions} options
   */
  constructor(relays, { bearerToken, bearerTokenFile, seal, agent, warn = console.warn } = {}) {
    if (bearerToken !== undefined && bearerTokenFile !== undefined) {
      throw new TypeError('bearerToken and bearerTokenFile are both set; keep one of them');
    }
    if (bearerToken !== undefined && typeof bearerToken !== 'function') {
      throw new TypeError('bearerToken is not a function; write () => token, because tokens rotate');
    }
    if (seal !== undefined && !(seal instanceof TokenSeal)) {
      throw new TypeError('seal is not a TokenSeal; write seal: TokenSeal.fromFile(…)');
    }
    this.#form = seal ?? PLAIN;
    this.#relays = new Relays(relays, {
      bearerToken: bearerTokenFile === undefined ? bearerToken : () => firstLine(bearerTokenFile),
      agent,
    });
    this.#warn = warn;
  }

  /** How tokens are sealed; undefined: they are not. */
  get seal() {
    return this.#form === PLAIN ? undefined : this.#form;
  }

  /**
   * Waits until the projection has caught up, and returns whether it has. If no relay can be reached, the status is
   * `unreachable`. Throws a {@link RelayRequestError} if all relays refuse with the same HTTP status.
   */
  async awaitToken(projection, wanted, { timeoutMillis = 0, signal } = {}) {
    requireName(projection);
    requireTimeout(timeoutMillis);
    const freshness = Freshness.of(wanted, this.#form);
    const deadline = new Deadline(timeoutMillis);
    let answer = await this.#askOne(projection, freshness, deadline, signal);
    while (answer.status === 'timeout' && (await pauseBefore(deadline, signal))) {
      const { token, waitedMillis } = answer;
      answer = (await this.#askOne(projection, freshness.again(token), deadline, signal)).afterWaiting(waitedMillis);
    }
    return answer;
  }

  async #askOne(projection, { token, parameters }, deadline, signal) {
    const since = performance.now();
    const path = `/v1/projections/${encodeURIComponent(projection)}/watermark?${new URLSearchParams(parameters)}`;
    try {
      return await this.#relays.ask(
        (left) => ({ method: 'GET', path: `${path}&wait=${left}ms&strict=false` }),
        (json) => readAnswer(json, token, this.#form),
        deadline,
        signal,
      );
    } catch (error) {
      return unreachable(projection, token, error, Math.round(performance.now() - since));
    }
  }

  /** Waits for several projections at once, in one request if the wait is within the relay's maximum. */
  async awaitAll(projections, wanted, { timeoutMillis = 0, mode = 'all', signal } = {}) {
    if (!Array.isArray(projections) || projections.length === 0) {
      throw new TypeError('projections is empty; name at least one');
    }
    projections.forEach(requireName);
    if (mode !== 'all' && mode !== 'any') {
      throw new TypeError(`mode '${mode}' is not known; write all or any`);
    }
    requireTimeout(timeoutMillis);
    const freshness = Freshness.of(wanted, this.#form);
    const deadline = new Deadline(timeoutMillis);
    let answer = await this.#askAll(projections, freshness, deadline, mode, signal);
    while (answer.status === 'timeout' && (await pauseBefore(deadline, signal))) {
      answer = await this.#askAll(projections, freshness.again(answer.token), deadline, mode, signal);
    }
    return answer;
  }

  async #askAll(projections, { token, parameters }, deadline, mode, signal) {
    try {
      return await this.#relays.ask(
        (left) => ({
          method: 'POST',
          path: '/v1/wait?strict=false',
          body: JSON.stringify({ ...parameters, wait: `${left}ms`, mode, projections }),
        }),
        (json) => readCombined(json, token, this.#form),
        deadline,
        signal,
      );
    } catch (error) {
      if (error instanceof NoRelayAnswered) {
        return new CombinedAnswer({ status: 'unreachable', reason: error.message, token });
      }
      throw error;
    }
  }

  /**
   * Waits until the projection has caught up, and returns where to read: `projection`, or what the fallback decides in
   * every other case: a status other than success, no relay that answers, or all relays refusing the request.
   */
  async readFrom(projection, wanted, { timeoutMillis = 0, fallback, signal } = {}) {
    if (typeof fallback !== 'function' && !['stale', 'primary', 'fail'].includes(fallback)) {
      throw new TypeError(`fallback '${fallback}' is not known; write stale, primary, fail, or a function`);
    }
    const { answer, refusal } = await this.awaitOrRefusal(projection, wanted, { timeoutMillis, signal });
    if (answer.isCaughtUp) {
      return 'projection';
    }
    if (fallback === 'fail') {
      throw new NotCaughtUpError(
        `projection ${projection} has not caught up with ${Freshness.of(wanted, this.#form)} within ${timeoutMillis} ms: ` +
          `${answer.status}${answer.reason && ` (${answer.reason})`}`,
        answer,
        refusal,
      );
    }
    if (typeof fallback === 'function') {
      return fallback(answer);
    }
    return fallback === 'stale' ? 'stale-projection' : 'primary';
  }

  /**
   * As `awaitToken`, but a refusal by all relays is an answer `unreachable` too, and is logged: a misspelt name or a
   * missing bearer token would not be noticed otherwise. At most one line a minute.
   */
  async awaitOrRefusal(projection, wanted, options) {
    try {
      return { answer: await this.awaitToken(projection, wanted, options) };
    } catch (error) {
      if (!(error instanceof RelayRequestError)) {
        throw error;
      }
      const now = performance.now();
      if (now >= this.#nextLog) {
        this.#nextLog = now + LOG_INTERVAL_MILLIS;
        this.#warn(`event=relays-refuse projection=${projection} reason="${error.message}"`);
      }
      const { token } = Freshness.of(wanted, this.#form);
      return { answer: unreachable(projection, token, new NoRelayAnswered(error.message), 0), refusal: error };
    }
  }
}

function unreachable(projection, token, error, waitedMillis) {
  if (!(error instanceof NoRelayAnswered)) {
    throw error;
  }
  return new WatermarkAnswer({ projection, status: 'unreachable', reason: error.message, waitedMillis, token });
}

/** Returns false if no time is left to ask again. A relay limits a wait to its `watermark.maxWait`. */
async function pauseBefore(deadline, signal) {
  if (deadline.left() <= PAUSE_MILLIS) {
    return false;
  }
  await sleep(PAUSE_MILLIS, undefined, { signal });
  return true;
}

function requireName(projection) {
  if (typeof projection !== 'string' || projection === '') {
    throw new TypeError(`projection '${projection}' is not a name; write it as in projections[].name of the relay`);
  }
}

export function requireTimeout(timeoutMillis) {
  if (!(Number.isFinite(timeoutMillis) && timeoutMillis >= 0 && timeoutMillis <= MAX_TIMEOUT_MILLIS)) {
    throw new RangeError(`timeoutMillis is ${timeoutMillis}; write a number from 0 to ${MAX_TIMEOUT_MILLIS}`);
  }
}

async function firstLine(file) {
  const token = (await readFile(file, 'utf8')).split(/\r?\n/, 1)[0].trim();
  if (token === '') {
    throw new Error(`no bearer token in the first line of ${file}`);
  }
  return token;
}
