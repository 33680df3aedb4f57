// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { NotCaughtUpError, RelayRequestError, WatermarkClient } from '../src/index.js';
import { FakeRelay } from '../test-support/fake-relay.js';
import { vectors } from '../test-support/vectors.js';

const TOKEN = 'tm1.7f3a9c21.1.0000000A1B2C3D40';
const SUCCESS = { status: 200, headers: {}, body: { status: 'success', projection: 'orders-view', token: TOKEN } };
const BEHIND = { status: 200, headers: {}, body: { status: 'timeout', projection: 'orders-view', waitedMillis: 7 } };

describe('the recorded relay', { concurrency: 8 }, () => {
  const { cases, freshness } = vectors('relay.json');
  for (const recorded of [...cases, ...freshness]) {
    it(recorded.name, { timeout: 60_000 }, () => check(recorded));
  }
});

async function check({ ask, relays, calls = 1, expect, requests, questions, elapsedMillis = {} }) {
  const fakes = await Promise.all(relays.map((relay) => FakeRelay.start(relay === 'away' ? [] : relay)));
  try {
    await Promise.all(fakes.filter((_, i) => relays[i] === 'away').map((fake) => fake.close()));
    const client = new WatermarkClient(fakes.map((fake) => fake.url));
    for (let i = 0; i < calls; i++) {
      const since = performance.now();
      await checkAnswer(() => question(client, ask), expect);
      const elapsed = performance.now() - since;
      const { min = 0, max = 60_000 } = elapsedMillis;
      assert.ok(elapsed >= min - 5 && elapsed <= max, `${elapsed} ms is not between ${min} and ${max}`);
    }
    const counts = fakes.map((fake) => fake.requests.length);
    if (Array.isArray(requests)) {
      assert.deepEqual(counts, requests);
    } else {
      const sum = counts.reduce((a, b) => a + b);
      assert.ok(sum >= (requests.min ?? 0) && sum <= (requests.max ?? Infinity), `requests: ${counts}`);
    }
    (questions ?? []).forEach((part, i) => assert.ok(fakes[0].requests[i].includes(part), fakes[0].requests[i]));
    for (const request of fakes.flatMap((fake) => fake.requests)) {
      assert.match(request, /strict=false/);
    }
  } finally {
    await Promise.all(fakes.map((fake) => fake.close().catch(() => {})));
  }
}

function question(client, { projection, projections, token, maxStalenessMillis, timeoutMillis, mode }) {
  const wanted = maxStalenessMillis === undefined ? token : { maxStalenessMillis };
  return projections === undefined
    ? client.awaitToken(projection, wanted, { timeoutMillis })
    : client.awaitAll(projections, wanted, { timeoutMillis, mode });
}

async function checkAnswer(ask, { refused, message, ...expect }) {
  if (refused !== undefined) {
    await assert.rejects(
      ask,
      (error) =>
        error instanceof RelayRequestError && error.httpStatus === refused && error.message.includes(message),
    );
    return;
  }
  const answer = await ask();
  for (const [field, value] of Object.entries(expect)) {
    switch (field) {
      case 'reason':
        value.forEach((part) => assert.ok(answer.reason.includes(part), `'${answer.reason}' lacks '${part}'`));
        break;
      case 'token':
        assert.equal(answer.token === null ? null : String(answer.token), value);
        break;
      case 'answers':
        assert.deepEqual(answer.answers.map((one) => one.status), value);
        break;
      case 'status':
      case 'phase':
      case 'waitedMillis':
      case 'behind':
        assert.deepEqual(answer[field], value, field);
        break;
      default:
        throw new Error(`relay.json: expect.${field} is not known`);
    }
  }
  assert.equal(answer.isCaughtUp, expect.status === 'success');
}

describe('the client', () => {
  let directory;

  before(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'tidemark-client-'));
  });

  after(() => {
    rmSync(directory, { recursive: true });
  });

  async function withRelay(script, use) {
    const relay = await FakeRelay.start(script);
    try {
      await use(relay);
    } finally {
      await relay.close();
    }
  }

  it('sends the documented request', () =>
    withRelay([SUCCESS], async (relay) => {
      const client = new WatermarkClient([`${relay.url}/`]);
      await client.awaitToken('orders view/1', TOKEN, { timeoutMillis: 20_000 });
      await client.awaitAll(['orders-view', 'stock'], TOKEN, { timeoutMillis: 0, mode: 'any' });

      assert.match(
        relay.requests[0],
        /^GET \/v1\/projections\/orders%20view%2F1\/watermark\?token=tm1\.7f3a9c21\.1\.0000000A1B2C3D40&wait=[0-9]+ms&strict=false$/,
      );
      assert.equal(
        relay.requests[1],
        `POST /v1/wait?strict=false {"token":"${TOKEN}","wait":"0ms","mode":"any","projections":["orders-view","stock"]}`,
      );
    }));

  it('applies the fallback that the caller chose', () =>
    withRelay([BEHIND], async (relay) => {
      const client = new WatermarkClient([relay.url]);
      const ask = (fallback) => client.readFrom('orders-view', TOKEN, { fallback });

      assert.equal(await ask('stale'), 'stale-projection');
      assert.equal(await ask('primary'), 'primary');
      assert.equal(await ask((answer) => `own ${answer.status}`), 'own timeout');
      await assert.rejects(
        ask('fail'),
        (error) => error instanceof NotCaughtUpError && error.answer.status === 'timeout',
      );
      await assert.rejects(ask('guess'), /fallback 'guess' is not known; write stale, primary, fail, or a function/);
      await assert.rejects(ask(undefined), /fallback 'undefined' is not known/);
    }));

  it('uses the fallback if all relays refuse, and says so once', () =>
    withRelay([{ status: 404, headers: {}, body: { detail: "no projection 'x'" } }], async (relay) => {
      const lines = [];
      const client = new WatermarkClient([relay.url], { warn: (line) => lines.push(line) });

      assert.equal(await client.readFrom('x', TOKEN, { fallback: 'stale' }), 'stale-projection');
      assert.equal(await client.readFrom('x', TOKEN, { fallback: 'primary' }), 'primary');
      await assert.rejects(client.readFrom('x', TOKEN, { fallback: 'fail' }), (error) => {
        return error instanceof NotCaughtUpError && error.cause instanceof RelayRequestError;
      });
      assert.equal(lines.length, 1);
      assert.match(lines[0], /event=relays-refuse projection=x reason=".*HTTP 404 no projection 'x'"/);
    }));

  it('sends the bearer token that the file has now', () =>
    withRelay([SUCCESS], async (relay) => {
      const file = path.join(directory, 'token');
      writeFileSync(file, 'first-token-of-16+\nanother-line\n');
      const client = new WatermarkClient([relay.url], { bearerTokenFile: file });
      await client.awaitToken('orders-view', TOKEN);
      writeFileSync(file, 'second-token-of-16+\n');
      await client.awaitAll(['orders-view'], TOKEN);
      await new WatermarkClient([relay.url], { bearerToken: async () => 'third' }).awaitToken('orders-view', TOKEN);
      await new WatermarkClient([relay.url]).awaitToken('orders-view', TOKEN);

      assert.deepEqual(relay.authorizations, [
        'Bearer first-token-of-16+',
        'Bearer second-token-of-16+',
        'Bearer third',
        '',
      ]);
    }));

  it('asks no relay without a bearer token, and returns the reason', () =>
    withRelay([SUCCESS], async (relay) => {
      const file = path.join(directory, 'empty');
      writeFileSync(file, '\n');
      const client = new WatermarkClient([relay.url], { bearerTokenFile: file });
      const answer = await client.awaitToken('orders-view', TOKEN);

      assert.equal(answer.status, 'unreachable');
      assert.ok(answer.reason.includes(`no bearer token in the first line of ${file}`));
      assert.deepEqual(relay.requests, []);
    }));

  it('ends a wait when its signal is aborted', () =>
    withRelay([{ does: 'hangs' }], async (relay) => {
      const since = performance.now();
      const signal = AbortSignal.timeout(200);
      const wait = new WatermarkClient([relay.url]).awaitToken('orders-view', TOKEN, { timeoutMillis: 30_000, signal });

      await assert.rejects(wait, (error) => error.name === 'TimeoutError' || error.name === 'AbortError');
      assert.ok(performance.now() - since < 10_000);
    }));

  /** The server may close an idle connection at the moment at which it is used again. */
  it('repeats a request whose idle connection was closed', async () => {
    let served = 0;
    const server = http.createServer((request, response) => {
      served++;
      if (served === 2) {
        request.socket.destroy();
        return;
      }
      response.end(JSON.stringify(SUCCESS.body));
    });
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    try {
      const client = new WatermarkClient([`http://127.0.0.1:${server.address().port}`]);

      assert.ok((await client.awaitToken('orders-view', TOKEN)).isCaughtUp);
      assert.ok((await client.awaitToken('orders-view', TOKEN)).isCaughtUp);
      assert.equal(served, 3);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it('names bad settings and arguments', async () => {
    assert.throws(() => new WatermarkClient([]), /relays is empty; name at least one/);
    assert.throws(() => new WatermarkClient('http://relay:8080'), /relays is empty/);
    for (const relay of ['relay:8080', 'relay', 'ftp://relay', 'http://relay?x=1', 'http://me@relay:8080']) {
      assert.throws(() => new WatermarkClient([relay]), /is not a base URL; write for example http:\/\/relay:8080/);
    }
    assert.throws(() => new WatermarkClient(['http://a'], { bearerToken: 'text' }), /bearerToken is not a function/);
    assert.throws(
      () => new WatermarkClient(['http://a'], { bearerToken: () => 'x', bearerTokenFile: 'y' }),
      /bearerToken and bearerTokenFile are both set/,
    );
    const client = new WatermarkClient(['http://127.0.0.1:1']);
    for (const timeoutMillis of [-1, NaN, '750', Infinity, 86_400_001]) {
      await assert.rejects(client.awaitToken('orders-view', TOKEN, { timeoutMillis }), /timeoutMillis is .*; write/);
    }
    await assert.rejects(client.awaitToken('', TOKEN), /projection '' is not a name/);
    await assert.rejects(client.awaitToken('orders-view', 'tm2.x'), /malformed token/);
    for (const maxStalenessMillis of [99, 1.5, '5s', undefined]) {
      await assert.rejects(client.awaitToken('orders-view', { maxStalenessMillis }), /maxStalenessMillis is .*; write a/);
    }
    await assert.rejects(client.awaitAll([], TOKEN), /projections is empty; name at least one/);
    await assert.rejects(client.awaitAll(['a'], TOKEN, { mode: 'some' }), /mode 'some' is not known; write all or any/);
  });
});
