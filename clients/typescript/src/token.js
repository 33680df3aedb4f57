// SPDX-License-Identifier: Apache-2.0

/** Maximum number of sources in one token. */
export const MAX_SOURCES = 8;
/** Maximum number of characters in a token's text. */
export const MAX_LENGTH = 512;

const VERSION = 'tm1';
const MAX_TIMELINE = 2147483647;
const SOURCE = /^[0-9a-f]{8}$/;
const TIMELINE = /^[1-9][0-9]{0,9}$/;
const LSN = /^[0-9A-F]{16}$/;

/** A text is not a token, or tokens are too long together. The message names the problem. */
export class MalformedTokenError extends Error {
  constructor(why) {
    super(`malformed token: ${why}`);
    this.name = 'MalformedTokenError';
  }
}

/**
 * A writer keeps a token to ask "is my write visible yet?". It has a timeline and an LSN for each source it wrote to.
 * Immutable. Compare and merge tokens only through this class.
 */
export class Token {
  #text;

  /** @param {ReadonlyArray<import('./index.js').TokenPart>} parts at least one, in any order */
  constructor(parts) {
    this.parts = canonical(parts.map(checked));
    this.#text = print(this.parts);
    Object.freeze(this);
  }

  /** Parses a token's text. Throws a {@link MalformedTokenError} that names length, version, source, timeline or LSN. */
  static parse(text) {
    if (typeof text !== 'string') {
      throw new MalformedTokenError(`it is not a text but ${text === null ? 'null' : typeof text}`);
    }
    if (text === '') {
      throw new MalformedTokenError('it is empty');
    }
    if (text.length > MAX_LENGTH) {
      throw new MalformedTokenError(`it has ${text.length} characters, at most ${MAX_LENGTH} are allowed`);
    }
    return new Token(text.split('~').map(parsePart));
  }

  /** The token itself, or the one that a text stands for. */
  static of(tokenOrText) {
    return tokenOrText instanceof Token ? tokenOrText : Token.parse(tokenOrText);
  }

  /**
   * The token that covers both. For the same source and timeline it has the larger LSN. Parts of different timelines are
   * kept, because only a relay knows which of them still exists. Throws a {@link MalformedTokenError} beyond the limits.
   */
  merge(other) {
    return new Token([...this.parts, ...Token.of(other).parts]);
  }

  equals(other) {
    return other instanceof Token && other.#text === this.#text;
  }

  toString() {
    return this.#text;
  }

  toJSON() {
    return this.#text;
  }
}

function parsePart(text) {
  const fields = text.split('.');
  if (fields.length !== 4) {
    throw new MalformedTokenError(`'${text}' is not of the form tm1.<source>.<timeline>.<lsn>`);
  }
  const [version, source, timeline, lsn] = fields;
  if (version !== VERSION) {
    throw new MalformedTokenError(`version '${version}' is not known, only ${VERSION} is`);
  }
  if (!TIMELINE.test(timeline)) {
    // the source comes first in a token, so it is named first
    return checked({ source, timeline, lsn });
  }
  return checked({ source, timeline: Number(timeline), lsn });
}

function checked({ source, timeline, lsn }) {
  if (!SOURCE.test(source)) {
    throw new MalformedTokenError(`source '${source}' is not 8 lower-case hex digits`);
  }
  if (!Number.isInteger(timeline) || timeline < 1 || timeline > MAX_TIMELINE) {
    throw new MalformedTokenError(`timeline '${timeline}' is not a number from 1 to ${MAX_TIMELINE}`);
  }
  if (!LSN.test(lsn)) {
    throw new MalformedTokenError(`LSN '${lsn}' is not 16 upper-case hex digits`);
  }
  return Object.freeze({ source, timeline, lsn });
}

/** One part for each source and timeline, sorted by both. An LSN's string order is its order. */
function canonical(parts) {
  if (parts.length === 0) {
    throw new MalformedTokenError('it has no part');
  }
  const byLineage = new Map();
  for (const part of parts) {
    const lineage = `${part.source}.${part.timeline}`;
    const before = byLineage.get(lineage);
    if (before === undefined || part.lsn > before.lsn) {
      byLineage.set(lineage, part);
    }
  }
  const sorted = [...byLineage.values()].sort((a, b) =>
    a.source === b.source ? a.timeline - b.timeline : a.source < b.source ? -1 : 1,
  );
  const sources = new Set(sorted.map((part) => part.source)).size;
  if (sources > MAX_SOURCES) {
    throw new MalformedTokenError(`it names ${sources} sources, at most ${MAX_SOURCES} are allowed`);
  }
  const length = print(sorted).length;
  if (length > MAX_LENGTH) {
    throw new MalformedTokenError(`it would have ${length} characters, at most ${MAX_LENGTH} are allowed`);
  }
  return Object.freeze(sorted);
}

function print(parts) {
  return parts.map((part) => `${VERSION}.${part.source}.${part.timeline}.${part.lsn}`).join('~');
}

/** The statement that returns the token of everything that its session has committed. */
export const TAKE_TOKEN = 'select outbox.token() as token';

/**
 * The token of everything that this connection has committed. Call it after the commit, on the connection that committed,
 * with a node-postgres client or one with the same `query`.
 */
export async function takeToken(connection) {
  const result = await connection.query(TAKE_TOKEN);
  return Token.parse(result.rows[0].token);
}
