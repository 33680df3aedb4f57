// SPDX-License-Identifier: Apache-2.0
import { Token } from './token.js';

const LEAST_STALENESS_MILLIS = 100;
const MAX_STALENESS_MILLIS = 24 * 60 * 60 * 1000;

/**
 * What a reader wants to see: the writes of a token (a Token, or its text as callers have it), everything that is committed `now`, or
 * everything that was committed `{maxStalenessMillis}` before the answer.
 */
export class Freshness {
  /**
   * @param {import('./index.js').Wanted} wanted
   * @param {{open: Function, seal: Function}} form of the tokens; with a seal, a text that is not sealed is refused
   */
  static of(wanted, form) {
    if (wanted === 'now') {
      return new Freshness(null, { token: 'now' }, form);
    }
    if (wanted !== null && typeof wanted === 'object' && 'maxStalenessMillis' in wanted) {
      return new Freshness(null, { maxStaleness: `${stalenessOf(wanted)}ms` }, form);
    }
    const token = wanted instanceof Token ? wanted : form.open(wanted);
    return new Freshness(token, { token: form.seal(token) }, form);
  }

  #form;

  constructor(token, parameters, form) {
    this.#form = form;
    /** The token of the question; null if it has none. */
    this.token = token;
    /** As in the query and the body of a question. */
    this.parameters = parameters;
  }

  /** The same question once more: `now` is the moment of the first one. */
  again(answered) {
    return this.parameters.token === 'now' && answered !== null ? Freshness.of(answered, this.#form) : this;
  }

  toString() {
    return Object.values(this.parameters)[0];
  }
}

function stalenessOf({ maxStalenessMillis: millis }) {
  if (!Number.isInteger(millis) || millis < LEAST_STALENESS_MILLIS || millis > MAX_STALENESS_MILLIS) {
    throw new RangeError(
      `maxStalenessMillis is ${millis}; write a whole number from ${LEAST_STALENESS_MILLIS} to ${MAX_STALENESS_MILLIS}`,
    );
  }
  return millis;
}
