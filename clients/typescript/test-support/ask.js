// SPDX-License-Identifier: Apache-2.0
// node ask.js RELAY…: reads questions from standard input, one JSON a line, and prints the answers.
import { createInterface } from 'node:readline';
import { WatermarkClient } from '../src/index.js';

const client = new WatermarkClient(process.argv.slice(2));

for await (const line of createInterface({ input: process.stdin })) {
  const { projections, token, timeoutMillis } = JSON.parse(line);
  const answer =
    projections.length === 1
      ? await client.awaitToken(projections[0], token, { timeoutMillis })
      : await client.awaitAll(projections, token, { timeoutMillis });
  console.log(JSON.stringify(answer));
}
