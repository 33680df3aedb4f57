// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tidemark as forExpress } from '../src/express.js';
import { tidemark as forFastify } from '../src/fastify.js';
import { cases, checkCase, exchange } from '../test-support/middleware-cases.js';

const TOKEN = 'tm1.7f3a9c21.1.0000000A1B2C3D40';

/** The frameworks are no dependency: `npm install` brings them for these tests. */
async function installed(name) {
  try {
    return (await import(name)).default;
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND') {
      return null;
    }
    throw error;
  }
}

const express = await installed('express');
const fastify = await installed('fastify');
const skip = (framework, name) => (framework === null ? `${name} is not installed; npm install brings it` : false);

describe('the middleware, in Express', { skip: skip(express, 'express'), concurrency: 4 }, () => {
  for (const recorded of cases) {
    it(recorded.name, () =>
      checkCase(recorded, async (options, handle) => {
        const app = express();
        app.use(forExpress(options));
        app.all('/', (request, response) => {
          handle(request.tidemark);
          response.send('handled');
        });
        const server = await new Promise((listening) => {
          const started = app.listen(0, '127.0.0.1', () => listening(started));
        });
        return { port: server.address().port, close: () => new Promise((closed) => server.close(closed)) };
      }),
    );
  }
});

describe('the plugin, in Fastify', { skip: skip(fastify, 'fastify'), concurrency: 4 }, () => {
  async function serve(...steps) {
    const app = fastify();
    for (const step of steps) {
      await step(app);
    }
    await app.listen({ port: 0, host: '127.0.0.1' });
    return { port: app.server.address().port, close: () => app.close() };
  }

  for (const recorded of cases) {
    it(recorded.name, () =>
      checkCase(recorded, (options, handle) =>
        serve(
          (app) => app.register(forFastify, options),
          (app) =>
            app.route({
              method: ['GET', 'HEAD', 'POST'],
              url: '/',
              exposeHeadRoute: false,
              handler: async (request) => {
                handle(request.tidemark);
                return 'handled';
              },
            }),
        ),
      ),
    );
  }

  it('keeps the cookies that others set, and applies to its own context only', async () => {
    const server = await serve(
      (app) =>
        app.register(async (scope) => {
          await scope.register(forFastify, {});
          scope.post('/in', async (request, reply) => {
            reply.header('Set-Cookie', 'theme=dark');
            request.tidemark.written(TOKEN);
            return '';
          });
        }),
      (app) => app.post('/out', async () => ''),
    );
    const inside = await fetch(`http://127.0.0.1:${server.port}/in`, { method: 'POST' });
    const outside = await fetch(`http://127.0.0.1:${server.port}/out`, { method: 'POST' });
    await server.close();

    assert.equal(inside.headers.getSetCookie().length, 2);
    assert.equal(inside.headers.get('tidemark-token'), TOKEN);
    assert.equal(outside.headers.get('tidemark-token'), null);
  });

  it('uses the tokens that an outer plugin has read', async () => {
    const server = await serve(
      (app) => app.register(forFastify, {}),
      (app) =>
        app.register(async (scope) => {
          await scope.register(forFastify, {});
          scope.post('/', async (request) => {
            request.tidemark.written(TOKEN);
            return '';
          });
        }),
    );
    const { headers } = await exchange(server.port, { method: 'POST', headers: [] });
    await server.close();

    assert.equal(headers['tidemark-token'], TOKEN);
    assert.equal(headers['set-cookie'].length, 1);
  });
});
