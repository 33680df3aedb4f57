// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GateOptions, RequestTokens } from './index.js';

declare module 'http' {
  interface IncomingMessage {
    /** Set by the middleware `tidemark`. */
    tidemark: RequestTokens;
  }
}

/**
 * A middleware for Express, Connect and plain `node:http`. It reads the tokens of a request into `req.tidemark`, waits for
 * them before GET and HEAD, and returns them in a header and a cookie.
 */
export function tidemark<R extends IncomingMessage = any>(
  options?: GateOptions<R>,
): (request: R, response: ServerResponse, next: (error?: unknown) => void) => void;
