// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** A file of clients/conformance, which the clients in every language must pass. */
export function vectors(file) {
  return JSON.parse(readFileSync(new URL(`../../conformance/${file}`, import.meta.url), 'utf8'));
}
