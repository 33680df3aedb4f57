// SPDX-License-Identifier: Apache-2.0
// Compiled, never run: what a user writes must fit the types (npm run check-types).
import express from 'express';
import fastify from 'fastify';
import { MalformedTokenError, NotCaughtUpError, RelayRequestError, Token, WatermarkClient, takeToken } from 'tidemark-client';
import type { ReadFrom, WatermarkAnswer } from 'tidemark-client';
import { tidemark } from 'tidemark-client/express';
import { tidemark as plugin } from 'tidemark-client/fastify';

const client = new WatermarkClient(['http://relay-1:8080', new URL('http://relay-2:8080')], {
  bearerToken: async () => 'secret',
});

export async function ask(connection: Parameters<typeof takeToken>[0]): Promise<string> {
  const token: Token = (await takeToken(connection)).merge('tm1.7f3a9c21.1.0000000A1B2C3D40');
  const answer: WatermarkAnswer = await client.awaitToken('orders-view', token, { timeoutMillis: 750 });
  const combined = await client.awaitAll(['a', 'b'], token, { mode: 'any', signal: AbortSignal.timeout(100) });
  const from: ReadFrom = await client.readFrom('orders-view', token, { fallback: 'primary' });
  const own: number | 'projection' = await client.readFrom('orders-view', token, { fallback: () => 42 });
  await client.awaitToken('orders-view', 'now');
  await client.awaitAll(['orders-view'], { maxStalenessMillis: 5000 });
  // @ts-expect-error a fallback is required
  await client.readFrom('orders-view', token, {});
  // @ts-expect-error not a mode
  await client.awaitAll(['a'], token, { mode: 'some' });
  return `${answer.status} ${combined.answers[0]?.behind[0]?.need} ${from} ${own} ${answer.token?.parts[0]?.lsn}`;
}

export function isOurs(error: unknown): boolean {
  return error instanceof MalformedTokenError || error instanceof NotCaughtUpError || error instanceof RelayRequestError;
}

const app = express();
app.use(tidemark());
app.get('/orders', tidemark({ client, projection: 'orders-view', otherwise: 'fail' }), (request, response) => {
  response.send(request.tidemark.isCaughtUp);
});
app.post('/orders', (request, response) => {
  request.tidemark.written('tm1.7f3a9c21.1.0000000A1B2C3D40');
  response.sendStatus(201);
});

const server = fastify();
await server.register(plugin, { client, projection: (request) => request.url, cookie: { secure: true } });
server.get('/orders', async (request) => request.tidemark.status);
