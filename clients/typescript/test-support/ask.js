// SPDX-License-Identifier: Apache-2.0
// node ask.js RELAY…: reads questions from standard input, one JSON a line, and prints the answers. With the environment
// variable TOKEN_SECRET_FILE, tokens are sealed on the way to the relays.
import { createInterface } from 'node:readline';
import { Token, TokenSeal, WatermarkClient } from '../src/index.js';

const secrets = process.env.TOKEN_SECRET_FILE;
const seal = secrets ? TokenSeal.fromFile(secrets) : undefined;
const client = new WatermarkClient(process.argv.slice(2), { seal });

for await (const line of createInterface({ input: process.stdin })) {
  const { projections, token: text, timeoutMillis } = JSON.parse(line);
  const token = text.startsWith('tm1') ? Token.parse(text) : text;
  const answer =
    projections.length === 1
      ? await client.awaitToken(projections[0], token, { timeoutMillis })
      : await client.awaitAll(projections, token, { timeoutMillis });
  console.log(JSON.stringify(answer));
}
