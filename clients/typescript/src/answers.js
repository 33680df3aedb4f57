// SPDX-License-Identifier: Apache-2.0
import { MalformedTokenError } from './token.js';

/** The statuses that a relay sends. */
export const RELAY_STATUSES = Object.freeze([
  'success',
  'timeout',
  'stalled',
  'stopped',
  'rebuilding',
  'unknown',
  'ahead',
  'diverged',
  'foreign',
  'expired',
]);

/** Whether a projection has caught up with a token, and if not, why. Immutable. */
export class WatermarkAnswer {
  constructor({ projection, status, phase = '', reason = '', waitedMillis = 0, behind = [], token }) {
    this.projection = projection;
    this.status = status;
    this.phase = phase;
    this.reason = reason;
    this.waitedMillis = waitedMillis;
    this.behind = Object.freeze(behind);
    this.token = token;
    Object.freeze(this);
  }

  get isCaughtUp() {
    return this.status === 'success';
  }

  /** The same answer after an earlier wait. */
  afterWaiting(millis) {
    return new WatermarkAnswer({ ...this, waitedMillis: this.waitedMillis + millis });
  }
}

/** The answer about several projections. Immutable. */
export class CombinedAnswer {
  constructor({ status, answers = [], reason = '', token }) {
    this.status = status;
    this.answers = Object.freeze(answers);
    this.reason = reason;
    this.token = token;
    Object.freeze(this);
  }

  get isCaughtUp() {
    return this.status === 'success';
  }
}

/** JSON that is not a relay's answer: a gateway's page, or a relay of another version. */
export class NoAnswer extends Error {}

/** Reads the JSON of one projection. Throws {@link NoAnswer}. */
export function readAnswer(json, asked, form) {
  return answerOf(json, carryOn(json, asked, form));
}

/** Reads the JSON of several projections. Throws {@link NoAnswer}. */
export function readCombined(json, asked, form) {
  const status = statusOf(json);
  const token = carryOn(json, asked, form);
  const projections = Array.isArray(json.projections) ? json.projections : [];
  return new CombinedAnswer({
    status,
    answers: projections.map((projection) => answerOf(projection, token)),
    reason: text(json.reason),
    token,
  });
}

function answerOf(json, token) {
  return new WatermarkAnswer({
    projection: text(json?.projection),
    status: statusOf(json),
    phase: text(json.phase),
    reason: text(json.reason),
    waitedMillis: number(json.waitedMillis),
    behind: (Array.isArray(json.behind) ? json.behind : []).map((partition) =>
      Object.freeze({
        topic: text(partition?.topic),
        partition: number(partition?.partition),
        need: number(partition?.need),
        have: number(partition?.have),
      }),
    ),
    token,
  });
}

function statusOf(json) {
  const status = json?.status;
  if (typeof status !== 'string') {
    throw new NoAnswer('JSON without a status');
  }
  if (!RELAY_STATUSES.includes(status)) {
    throw new NoAnswer(`status '${status}', which this library does not know`);
  }
  return status;
}

/** Only the relay's word drops a part: a relay that returns nothing readable leaves the token as it was. */
function carryOn(json, asked, form) {
  const token = json?.token;
  if (token === null) {
    return null;
  }
  try {
    return typeof token === 'string' ? form.open(token) : asked;
  } catch (error) {
    if (error instanceof MalformedTokenError) {
      return asked;
    }
    throw error;
  }
}

function text(value) {
  return typeof value === 'string' ? value : '';
}

function number(value) {
  return typeof value === 'number' ? value : 0;
}
