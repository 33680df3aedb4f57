// SPDX-License-Identifier: Apache-2.0
import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { MAX_LENGTH, MalformedTokenError, Token } from './token.js';

/** Maximum number of secrets: the one that seals, and the one before or after it. */
export const MAX_SECRETS = 2;

const PREFIX = 'ts1.';
const SIV_BYTES = 16;
const PART_BYTES = 16;
const BLOCK_BYTES = 32;
const MAC_LABEL = 'tidemark token seal 1: mac';
const ENCRYPTION_LABEL = 'tidemark token seal 1: encryption';
const SECRET = /^[!-~]{32,1024}$/;
const LOOK_EVERY_MILLIS = 1000;
const MAX_FILE_BYTES = 16 * 1024;

const MESSAGES = {
  'no-secret': 'sealed token: no secret is set here to open it',
  'unsealed-token': 'unsealed token: only sealed tokens are accepted here, because a plain one could be forged',
  'seal-not-valid': 'sealed token: no secret opens it; it was altered, or sealed with another secret',
};

/**
 * A text may be a token, but not one that is accepted here. Another process, with other secrets, may accept it. The `code`
 * is `no-secret`, `unsealed-token` or `seal-not-valid`.
 */
export class UnacceptedTokenError extends MalformedTokenError {
  constructor(code) {
    super('');
    this.name = 'UnacceptedTokenError';
    this.message = MESSAGES[code];
    this.code = code;
  }
}

function looksSealed(text) {
  return typeof text === 'string' && text.startsWith(PREFIX);
}

/** The text of `outbox.token()`. Rejects sealed tokens: there is no secret to open them. */
export const PLAIN = Object.freeze({
  open(text) {
    if (looksSealed(text)) {
      throw new UnacceptedTokenError('no-secret');
    }
    return Token.parse(text);
  },
  seal: String,
});

/** The token of an application's own: a Token, the text of `outbox.token()`, or a sealed one of another service. */
export function tokenOf(tokenOrText, form) {
  return looksSealed(tokenOrText) ? form.open(tokenOrText) : Token.of(tokenOrText);
}

/**
 * Seals tokens: `ts1.` and base64url. A holder of the text can neither read nor forge it. The same token and secret give
 * the same text. Several sealed tokens may be joined with `~`. The construction is Tidemark's ADR 23.
 */
export class TokenSeal {
  #keys;

  /** @param {ReadonlyArray<string> | (() => object[])} secrets one or two; the first seals, all of them open */
  constructor(secrets) {
    if (typeof secrets === 'function') {
      this.#keys = secrets;
    } else {
      const keys = keysOf(secrets);
      this.#keys = () => keys;
    }
  }

  /**
   * The secrets in a file, one on each line. It is read again within a second of a change. If it cannot be used then, the
   * secrets before the change stay in use, and `warn` gets the reason. Throws if it cannot be used now.
   */
  static fromFile(file, { warn = console.warn } = {}) {
    let lines;
    let keys;
    let problem = '';
    try {
      lines = linesOf(file);
      keys = keysOf(lines);
    } catch (error) {
      throw new TypeError(`token secrets in ${file} cannot be used: ${error.message}`, { cause: error });
    }
    let looked = performance.now();
    return new TokenSeal(() => {
      if (performance.now() - looked >= LOOK_EVERY_MILLIS) {
        looked = performance.now();
        let found = '';
        try {
          const read = linesOf(file);
          if (read.join('\n') !== lines.join('\n')) {
            keys = keysOf(read);
            lines = read;
          }
        } catch (error) {
          found = error.message;
        }
        if (found !== '' && found !== problem) {
          warn(
            `event=token-secrets-unusable file=${file} effect="the secrets before stay in use" reason="${found}"`,
          );
        }
        problem = found;
      }
      return keys;
    });
  }

  /** The text to hand to a caller. */
  seal(token) {
    const { parts } = Token.of(token);
    const plain = Buffer.alloc(parts.length * PART_BYTES);
    parts.forEach(({ source, timeline, lsn }, i) => {
      plain.write(source, i * PART_BYTES, 'hex');
      plain.writeUInt32BE(timeline, i * PART_BYTES + 4);
      plain.write(lsn, i * PART_BYTES + 8, 'hex');
    });
    return PREFIX + sealWith(this.#keys()[0], plain).toString('base64url');
  }

  /**
   * The token that a text of a caller stands for. Throws an {@link UnacceptedTokenError} or a {@link MalformedTokenError}.
   */
  open(text) {
    if (typeof text !== 'string') {
      throw new MalformedTokenError(`it is not a text but ${text === null ? 'null' : typeof text}`);
    }
    if (text === '') {
      throw new MalformedTokenError('it is empty');
    }
    if (text.length > MAX_LENGTH) {
      throw new MalformedTokenError(`it has ${text.length} characters, at most ${MAX_LENGTH} are allowed`);
    }
    return new Token(text.split('~').flatMap((each) => this.#open(each)));
  }

  #open(text) {
    if (!looksSealed(text)) {
      throw text.startsWith('tm')
        ? new UnacceptedTokenError('unsealed-token')
        : new MalformedTokenError(`it does not begin with ${PREFIX}`);
    }
    const sealed = decoded(text.slice(PREFIX.length));
    for (const key of this.#keys()) {
      const plain = openWith(key, sealed);
      if (plain !== null) {
        return partsOf(plain);
      }
    }
    throw new UnacceptedTokenError('seal-not-valid');
  }
}

function keysOf(secrets) {
  if (!Array.isArray(secrets) || secrets.length < 1 || secrets.length > MAX_SECRETS) {
    const count = Array.isArray(secrets) ? secrets.length : 0;
    throw new TypeError(
      `there are ${count} secrets; there must be 1 or ${MAX_SECRETS} in an array, the first of which seals`,
    );
  }
  return secrets.map((secret, i) => {
    if (typeof secret !== 'string' || !SECRET.test(secret)) {
      throw new TypeError(
        `secret ${i + 1} is not of 32 to 1024 visible ASCII characters; make one with: openssl rand -hex 32`,
      );
    }
    return { mac: hmac(secret, MAC_LABEL), encryption: hmac(secret, ENCRYPTION_LABEL) };
  });
}

function linesOf(file) {
  const buffer = Buffer.alloc(MAX_FILE_BYTES + 1);
  const opened = openSync(file, 'r');
  let length;
  try {
    length = readSync(opened, buffer, 0, buffer.length, 0);
  } finally {
    closeSync(opened);
  }
  if (length > MAX_FILE_BYTES) {
    throw new TypeError(`it has more than ${MAX_FILE_BYTES} bytes; it holds a secret a line`);
  }
  return buffer
    .toString('latin1', 0, length)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function hmac(key, ...messages) {
  const mac = createHmac('sha256', key);
  messages.forEach((message) => mac.update(message));
  return mac.digest();
}

function sealWith({ mac, encryption }, plain) {
  const siv = hmac(mac, plain).subarray(0, SIV_BYTES);
  return Buffer.concat([siv, withKeystream(encryption, siv, plain)]);
}

/** Null if it was altered or sealed with another key. */
function openWith({ mac, encryption }, sealed) {
  const siv = sealed.subarray(0, SIV_BYTES);
  const plain = withKeystream(encryption, siv, sealed.subarray(SIV_BYTES));
  return timingSafeEqual(siv, hmac(mac, plain).subarray(0, SIV_BYTES)) ? plain : null;
}

/** Block i of the keystream is the HMAC of the synthetic IV and i in four bytes, from zero. */
function withKeystream(key, siv, text) {
  const result = Buffer.from(text);
  const counter = Buffer.alloc(4);
  for (let at = 0; at < result.length; at += BLOCK_BYTES) {
    counter.writeUInt32BE(at / BLOCK_BYTES);
    const block = hmac(key, siv, counter);
    for (let i = at; i < Math.min(at + BLOCK_BYTES, result.length); i++) {
      result[i] ^= block[i - at];
    }
  }
  return result;
}

/** Only the one text that the encoder writes is accepted. */
function decoded(text) {
  const sealed = Buffer.from(text, 'base64url');
  if (sealed.toString('base64url') !== text) {
    throw new MalformedTokenError('the sealed token is not base64url');
  }
  const length = sealed.length - SIV_BYTES;
  if (length < PART_BYTES || length % PART_BYTES !== 0) {
    throw new MalformedTokenError('the sealed token is cut off');
  }
  return sealed;
}

function partsOf(plain) {
  const parts = [];
  for (let at = 0; at < plain.length; at += PART_BYTES) {
    parts.push({
      source: plain.toString('hex', at, at + 4),
      timeline: plain.readUInt32BE(at + 4),
      lsn: plain.toString('hex', at + 8, at + PART_BYTES).toUpperCase(),
    });
  }
  return parts;
}
