// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedTokenError, Token, takeToken } from '../src/index.js';
import { vectors } from '../test-support/vectors.js';

const { valid, invalid, merge } = vectors('tokens.json');

describe('a token parses and prints', () => {
  for (const { name, text, prints, parts } of valid) {
    it(name, () => {
      const token = Token.parse(text);

      assert.equal(String(token), prints);
      assert.deepEqual(token.parts, parts);
      assert.ok(Token.parse(prints).equals(token));
      assert.equal(JSON.stringify({ token }), JSON.stringify({ token: prints }));
    });
  }
});

describe('a malformed token is refused with its problem', () => {
  for (const { name, text, error } of invalid) {
    it(name, () => {
      assert.throws(() => Token.parse(text), problem(error));
    });
  }

  for (const text of [undefined, null, 42, ['tm1']]) {
    it(`not a text: ${JSON.stringify(text)}`, () => {
      assert.throws(() => Token.parse(text), problem('it is not a text'));
    });
  }

  it('a part of the wrong form', () => {
    const part = { source: '7f3a9c21', timeline: 1, lsn: '0000000A1B2C3D40' };
    assert.throws(() => new Token([]), problem('it has no part'));
    assert.throws(() => new Token([{ ...part, timeline: '1' }]), problem('timeline'));
    assert.throws(() => new Token([{ ...part, timeline: 1.5 }]), problem('timeline'));
    assert.throws(() => new Token([{ ...part, lsn: '0' }]), problem('LSN'));
  });
});

describe('tokens are merged', () => {
  for (const { name, tokens, prints, error } of merge) {
    it(name, () => {
      const merged = () => tokens.map(Token.parse).reduce((a, b) => a.merge(b));
      if (error !== undefined) {
        assert.throws(merged, problem(error));
      } else {
        assert.equal(String(merged()), prints);
      }
    });
  }
});

describe('takeToken', () => {
  it('asks the connection after its commit', async () => {
    const statements = [];
    const connection = {
      async query(sql) {
        statements.push(sql);
        return { rows: [{ token: valid[0].text }] };
      },
    };

    assert.equal(String(await takeToken(connection)), valid[0].prints);
    assert.deepEqual(statements, ['select outbox.token() as token']);
  });
});

function problem(text) {
  return (error) =>
    error instanceof MalformedTokenError &&
    error.message.startsWith('malformed token: ') &&
    (error.message.includes(text) || assert.fail(`'${error.message}' does not name '${text}'`));
}
