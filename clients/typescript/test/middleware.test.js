// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, it } from 'node:test';
import { tidemark } from '../src/express.js';
import { carriedTokens, kept } from '../src/carried.js';
import { Token, WatermarkClient } from '../src/index.js';
import { FakeRelay } from '../test-support/fake-relay.js';
import { cases, checkCase, exchange } from '../test-support/middleware-cases.js';
import { vectors } from '../test-support/vectors.js';

const TOKEN = 'tm1.7f3a9c21.1.0000000A1B2C3D40';

/** A server of node:http with middleware, one after another; the last function answers. */
async function serve(...functions) {
  const server = http.createServer((request, response) => {
    const step = (i) => (error) => {
      if (error) {
        response.statusCode = 500;
        response.end(error.message);
        return;
      }
      functions[i](request, response, step(i + 1));
    };
    step(0)();
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: server.address().port,
    close: () => new Promise((closed) => server.close(closed)),
  };
}

describe('a header is read part by part', () => {
  for (const { name, lines, token, unreadable } of vectors('tokens.json').headers) {
    it(name, () => {
      const carried = carriedTokens(lines);

      assert.equal(carried.token === null ? null : String(carried.token), token);
      assert.equal(carried.unreadable === '', unreadable.length === 0);
      unreadable.forEach((part) => assert.ok(carried.unreadable.includes(part), carried.unreadable));
      assert.ok(carried.unreadable.length < 300);
    });
  }
});

describe('what was received and written is kept', () => {
  const parse = (text) => (text === null ? null : Token.parse(text));
  for (const { name, received, written, kept: expected } of vectors('tokens.json').kept) {
    it(name, () => {
      const token = kept(parse(received), parse(written));
      assert.equal(token === null ? null : String(token), expected);
    });
  }
});

describe('the middleware, on node:http', { concurrency: 4 }, () => {
  for (const recorded of cases) {
    it(recorded.name, () =>
      checkCase(recorded, (options, handle) =>
        serve(tidemark(options), (request, response) => {
          handle(request.tidemark);
          response.end('handled');
        }),
      ),
    );
  }

  it('keeps the cookies that others set', async () => {
    const server = await serve(tidemark(), (request, response) => {
      response.setHeader('Set-Cookie', 'theme=dark');
      request.tidemark.written(TOKEN);
      request.tidemark.written('tm1.7f3a9c21.1.0000000A1B2C3D41');
      response.end();
    });
    const { headers } = await exchange(server.port, { method: 'POST', headers: [] });
    await server.close();

    assert.equal(headers['set-cookie'].length, 2);
    assert.equal(headers['set-cookie'][0], 'theme=dark');
    assert.match(headers['set-cookie'][1], /^Tidemark-Token=tm1\.7f3a9c21\.1\.0000000A1B2C3D41;/);
  });

  it('marks the cookie Secure if the request is', async () => {
    const server = await serve(
      (request, response, next) => {
        request.secure = true; // as Express does behind a proxy that it trusts
        next();
      },
      tidemark(),
      (request, response) => {
        request.tidemark.written(TOKEN);
        response.end();
      },
    );
    const { headers } = await exchange(server.port, { method: 'POST', headers: [] });
    await server.close();

    assert.match(headers['set-cookie'][0], /; Secure; /);
  });

  const TIMEOUT = [{ status: 200, headers: {}, body: { status: 'timeout' } }];

  async function withClient(script, use) {
    const relay = await FakeRelay.start(script);
    try {
      await use(new WatermarkClient([relay.url]), relay);
    } finally {
      await relay.close();
    }
  }

  it('lets an own function decide, which may mark the request', () =>
    withClient(TIMEOUT, async (client) => {
      const otherwise = async (answer, request) => {
        request.readFrom = 'primary';
        return request.url === '/critical' ? 'fail' : 'pass';
      };
      const options = { client, projection: () => 'orders-view', timeoutMillis: 0, otherwise };
      const server = await serve(tidemark(options), (request, response) => response.end(request.readFrom));
      const ask = (path) => fetch(`http://127.0.0.1:${server.port}${path}`, { headers: { 'tidemark-token': TOKEN } });

      assert.equal(await (await ask('/')).text(), 'primary');
      assert.equal((await ask('/critical')).status, 503);
      await server.close();
    }));

  it('hands a bad decision to the error handler', () =>
    withClient(TIMEOUT, async (client) => {
      const options = { client, projection: 'orders-view', timeoutMillis: 0, otherwise: () => 'perhaps' };
      const server = await serve(tidemark(options), (request, response) => response.end());
      const { status, body } = await exchange(server.port, { method: 'GET', headers: [['Tidemark-Token', TOKEN]] });
      await server.close();

      assert.equal(status, 500);
      assert.match(body, /the result of otherwise 'perhaps' is not known; write pass or fail/);
    }));

  it('uses the tokens that an outer middleware has read', () =>
    withClient([{ status: 200, headers: {}, body: { status: 'success' } }], async (client, relay) => {
      const inner = { client, projection: 'orders-view', timeoutMillis: 0 };
      const server = await serve(tidemark(), tidemark(inner), (request, response) => response.end());
      const { headers } = await exchange(server.port, { method: 'GET', headers: [['Tidemark-Token', TOKEN]] });
      await server.close();

      assert.equal(headers['tidemark-status'], 'success');
      assert.equal(headers['tidemark-token'], TOKEN);
      assert.equal(relay.requests.length, 1);
    }));

  it('ends the wait of a client that goes away', () =>
    withClient([{ does: 'hangs' }], async (client, relay) => {
      let handled = 0;
      const options = { client, projection: 'orders-view', timeoutMillis: 60_000 };
      const server = await serve(tidemark(options), () => handled++);
      const request = http.request({ port: server.port, host: '127.0.0.1', headers: { 'tidemark-token': TOKEN } });
      request.on('error', () => {});
      request.end();
      while (relay.requests.length === 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      request.destroy();
      await relay.abandoned;
      await server.close();

      assert.equal(handled, 0);
    }));

  it('names bad options', () => {
    const client = new WatermarkClient(['http://127.0.0.1:1']);
    const refused = (options, message) => assert.throws(() => tidemark(options), message);

    refused({ projection: 'orders-view' }, /client is not a WatermarkClient; write client: new WatermarkClient/);
    refused({ client, projection: '' }, /projection '' is neither a name nor a function/);
    refused({ client, otherwise: 'guess' }, /otherwise 'guess' is not known; write pass or fail, or a function/);
    refused({ client, unreadableTokens: 'x' }, /unreadableTokens 'x' is not known; write ignore or reject/);
    refused({ client, timeoutMillis: -1 }, /timeoutMillis is -1; write a number from 0/);
    refused({ cookie: true }, /cookie is true; write false, or an object/);
    refused({ cookie: { expires: 1 } }, /cookie.expires is not known; known are path, domain/);
    refused({ cookie: { path: '/; Secure' } }, /cookie.path '\/; Secure' is not valid/);
    refused({ cookie: { sameSite: 'none' } }, /cookie.sameSite 'none' is not valid/);
  });
});
