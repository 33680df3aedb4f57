// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import http from 'node:http';
import { TokenSeal, WatermarkClient } from '../src/index.js';
import { FakeRelay } from './fake-relay.js';
import { vectors } from './vectors.js';

export const cases = [...vectors('middleware.json').cases, ...vectors('seals.json').middleware];

/**
 * Checks one case of middleware.json or seals.json against a server.
 *
 * @param serve starts a server with the middleware's options and a handler `(tokens) => void`; returns its port and close
 */
export async function checkCase({ secrets = [], options, request, relay, written, expect }, serve) {
  const fake = await FakeRelay.start(relay);
  const seen = [];
  const client = new WatermarkClient([fake.url], {
    warn: () => {},
    seal: secrets.length === 0 ? undefined : new TokenSeal(secrets),
  });
  const server = await serve({ ...options, projection: options.projection ?? undefined, client }, (tokens) => {
    seen.push(tokens);
    written.forEach((token) => tokens.written(token));
  });
  try {
    const response = await exchange(server.port, request);
    const { headers } = response;

    assert.equal(response.status, expect.status);
    assert.equal(seen.length, expect.handled ? 1 : 0, 'handled');
    assert.equal(headers['tidemark-token'] ?? null, expect.token, 'Tidemark-Token');
    assert.equal(headers['tidemark-status'] ?? null, expect.tidemarkStatus, 'Tidemark-Status');
    assert.deepEqual(headers['set-cookie'] ?? [], expect.setCookie === null ? [] : [expect.setCookie]);
    assert.equal(headers['retry-after'] ?? null, expect.retryAfter ?? null, 'Retry-After');
    assert.deepEqual(
      fake.requests.map((line) => new URL(line.split(' ')[1], 'http://relay').searchParams.get('token')),
      expect.asked,
    );
    if (expect.isCaughtUp !== undefined) {
      assert.equal(seen[0].isCaughtUp, expect.isCaughtUp, 'isCaughtUp');
    }
    if (!expect.handled) {
      checkProblem(response, expect);
    }
  } finally {
    await server.close();
    await fake.close();
  }
}

function checkProblem({ status, headers, body }, { detail = '' }) {
  assert.equal(headers['content-type'].split(';')[0], 'application/problem+json');
  const problem = JSON.parse(body);
  assert.equal(problem.status, status);
  assert.ok(problem.title && problem.detail.includes(detail), problem.detail);
  assert.ok(!problem.detail.includes('of the inside'), 'a reason of the relay is for the application only');
}

/** Sends a request of which a header may occur twice. */
export function exchange(port, { method, headers }) {
  return new Promise((resolve, reject) => {
    const request = http.request({ port, host: '127.0.0.1', method, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }));
      response.on('error', reject);
    });
    request.on('error', reject);
    headers.forEach(([name, value]) => request.setHeader(name, value));
    request.end();
  });
}
