// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { carriedTokens } from '../src/carried.js';
import { tidemark } from '../src/express.js';
import { Freshness } from '../src/freshness.js';
import { MalformedTokenError, Token, TokenSeal, UnacceptedTokenError, WatermarkClient } from '../src/index.js';
import { PLAIN } from '../src/seal.js';
import { vectors } from '../test-support/vectors.js';

const { seal, open, refused, secrets, carried } = vectors('seals.json');
const SECRET = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const PLAIN_TEXT = 'tm1.7f3a9c21.1.0000000A1B2C3D40';

const form = (given) => (given.length === 0 ? PLAIN : new TokenSeal(given));

describe('a token is sealed', () => {
  for (const { name, secrets: given, token, sealed } of seal) {
    it(name, () => {
      assert.equal(new TokenSeal(given).seal(token), sealed);
      assert.ok(new TokenSeal(given).open(sealed).equals(Token.parse(token)));
    });
  }
});

describe('what was sealed with either secret is opened', () => {
  for (const { name, secrets: given, text, token } of open) {
    it(name, () => assert.equal(String(new TokenSeal(given).open(text)), token));
  }
});

describe('what was not sealed with a secret is refused', () => {
  for (const { name, secrets: given, text, code, error } of refused) {
    it(name, () =>
      assert.throws(
        () => form(given).open(text),
        (thrown) => {
          assert.ok(thrown instanceof MalformedTokenError);
          assert.ok(thrown.message.includes(error), thrown.message);
          assert.equal(thrown.code ?? null, code);
          assert.equal(thrown instanceof UnacceptedTokenError, code !== null);
          return true;
        },
      ),
    );
  }
});

describe('bad secrets are named', () => {
  for (const { name, secrets: given, error } of secrets) {
    it(name, () =>
      assert.throws(
        () => new TokenSeal(given),
        (thrown) => thrown instanceof TypeError && thrown.message.includes(error),
      ),
    );
  }

  it('a text is not an array', () => assert.throws(() => new TokenSeal(SECRET), TypeError));
});

describe('the tokens of a request are read', () => {
  for (const { name, secrets: given, header, cookie, token, unreadable, isCookieSpoilt } of carried) {
    it(name, () => {
      const read = carriedTokens(header, cookie, form(given));

      assert.equal(read.token === null ? null : String(read.token), token);
      assert.equal(read.unreadable === '', unreadable.length === 0);
      unreadable.forEach((part) => assert.ok(read.unreadable.includes(part), read.unreadable));
      assert.equal(read.isCookieSpoilt, isCookieSpoilt);
    });
  }
});

describe('a file of secrets', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-'));
  const file = join(directory, 'secrets');
  after(() => rmSync(directory, { recursive: true }));

  it('is read again, and its secrets are kept if it is spoilt', (context) => {
    let now = 1_000_000;
    context.mock.method(performance, 'now', () => now);
    const lines = [];
    writeFileSync(file, `${SECRET}\n`);
    const fromFile = TokenSeal.fromFile(file, { warn: (line) => lines.push(line) });
    const before = fromFile.seal(PLAIN_TEXT);

    writeFileSync(file, `${OTHER}\r\n\n${SECRET}\n`);

    assert.equal(fromFile.seal(PLAIN_TEXT), before, 'within the second');
    now += 1000;
    const rotated = fromFile.seal(PLAIN_TEXT);
    assert.equal(rotated, new TokenSeal([OTHER]).seal(PLAIN_TEXT));
    assert.equal(String(fromFile.open(before)), PLAIN_TEXT);
    for (const spoilt of ['', 'short', `${SECRET}\n${SECRET}\n${OTHER}`, 'x'.repeat(20_000)]) {
      writeFileSync(file, spoilt);
      now += 1000;
      assert.equal(fromFile.seal(PLAIN_TEXT), rotated);
    }
    rmSync(file);
    now += 1000;
    assert.equal(fromFile.seal(PLAIN_TEXT), rotated);
    assert.equal(lines.length, 5);
    assert.ok(lines.every((line) => line.startsWith('event=token-secrets-unusable')) && !lines.join().includes('xxx'));
  });

  it('that cannot be used is refused at the start', () => {
    assert.throws(() => TokenSeal.fromFile(join(directory, 'none')), /none cannot be used: ENOENT/);
    writeFileSync(file, 'changeme\n');
    assert.throws(() => TokenSeal.fromFile(file), /secrets cannot be used: secret 1 is not of 32/);
  });
});

describe('a client with a seal', () => {
  const withSecret = new TokenSeal([SECRET]);
  const sealed = withSecret.seal(PLAIN_TEXT);

  it('asks sealed', () => {
    assert.deepEqual(Freshness.of(Token.parse(PLAIN_TEXT), withSecret).parameters, { token: sealed });
    assert.deepEqual(Freshness.of(sealed, withSecret).parameters, { token: sealed });
    assert.deepEqual(Freshness.of('now', withSecret).again(Token.parse(PLAIN_TEXT)).parameters, { token: sealed });
  });

  it('takes no plain text, which a caller could have forged', async () => {
    const client = new WatermarkClient(['http://127.0.0.1:1'], { seal: withSecret });
    await assert.rejects(client.awaitToken('orders-view', PLAIN_TEXT), UnacceptedTokenError);
  });

  it('takes nothing else for a seal', () => {
    assert.throws(() => new WatermarkClient(['http://127.0.0.1:1'], { seal: SECRET }), /seal is not a TokenSeal/);
    assert.throws(() => tidemark({ seal: SECRET }), /seal is not a TokenSeal/);
  });
});
