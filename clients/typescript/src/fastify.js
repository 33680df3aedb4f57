// SPDX-License-Identifier: Apache-2.0
import { TOKEN_HEADER } from './carried.js';
import { STATUS_HEADER, TokenGate } from './gate.js';

/**
 * A plugin for Fastify. It reads the tokens of a request into `request.tidemark`, waits for them before GET and HEAD, and
 * returns them, with what `request.tidemark.written(token)` adds, in a header and a cookie. It applies to the routes of the
 * context in which it is registered.
 */
export async function tidemark(fastify, options) {
  const gate = new TokenGate(options);
  if (!fastify.hasRequestDecorator('tidemark')) {
    fastify.decorateRequest('tidemark', null);
  }
  fastify.addHook('onRequest', async (request, reply) => {
    const gone = new AbortController();
    const onClose = () => gone.abort();
    reply.raw.once('close', onClose);
    try {
      const facts = {
        headerLines: [request.headers[TOKEN_HEADER.toLowerCase()] ?? []].flat(),
        cookieLines: [request.headers.cookie ?? []].flat(),
        before: request.tidemark ?? undefined,
      };
      const { tokens, refusal } = await gate.enter(facts, request, gone.signal);
      request.tidemark = tokens;
      if (refusal !== null) {
        return reply.code(refusal.status).headers(refusal.headers).send(refusal.body);
      }
    } catch (error) {
      if (!gone.signal.aborted) {
        throw error;
      }
      reply.hijack(); // there is nobody to answer
    } finally {
      reply.raw.off('close', onClose);
    }
    return undefined;
  });
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (request.tidemark) {
      apply(request.tidemark, gate.cookieOf(request.protocol === 'https'), reply);
    }
    return payload;
  });
}

// the hooks belong to the context that registers the plugin, not to one of the plugin's own
tidemark[Symbol.for('skip-override')] = true;
tidemark[Symbol.for('fastify.display-name')] = 'tidemark';

function apply(tokens, cookieOf, reply) {
  const { token, setCookie } = tokens.response(cookieOf);
  if (tokens.status !== '') {
    reply.header(STATUS_HEADER, tokens.status);
  }
  if (token !== undefined) {
    reply.header(TOKEN_HEADER, token);
  }
  if (setCookie !== undefined) {
    const others = [reply.getHeader('Set-Cookie') ?? []]
      .flat()
      .filter((cookie) => !String(cookie).startsWith(`${TOKEN_HEADER}=`));
    reply.removeHeader('Set-Cookie');
    reply.header('Set-Cookie', [...others, setCookie]); // of several gates the last one's
  }
}
export default tidemark;
