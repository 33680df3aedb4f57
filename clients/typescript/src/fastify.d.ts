// SPDX-License-Identifier: Apache-2.0
import type { GateOptions, RequestTokens } from './index.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the plugin `tidemark`. */
    tidemark: RequestTokens;
  }
}

/**
 * A plugin for Fastify. It reads the tokens of a request into `request.tidemark`, waits for them before GET and HEAD, and
 * returns them in a header and a cookie. It applies to the context in which it is registered.
 */
export function tidemark(fastify: any, options: GateOptions): Promise<void>;
export default tidemark;
