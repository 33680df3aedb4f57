// SPDX-License-Identifier: Apache-2.0
import { TOKEN_HEADER } from './carried.js';
import { STATUS_HEADER, TokenGate } from './gate.js';

/**
 * A middleware for Express, Connect and plain `node:http`. It reads the tokens of a request into `req.tidemark`, waits for
 * them before GET and HEAD, and returns them, with what `req.tidemark.written(token)` adds, in a header and a cookie.
 *
 * @param {import('./index.js').GateOptions} options
 */
export function tidemark(options = {}) {
  const gate = new TokenGate(options);
  return function tidemarkTokens(request, response, next) {
    const gone = new AbortController();
    const onClose = () => gone.abort();
    response.once('close', onClose);
    const facts = {
      headerLines: lines(request.headers[TOKEN_HEADER.toLowerCase()]),
      cookieLines: lines(request.headers.cookie),
      before: request.tidemark,
    };
    gate.enter(facts, request, gone.signal).then(
      ({ tokens, refusal }) => {
        response.off('close', onClose);
        const write = () => apply(tokens, gate, request, response);
        request.tidemark = tokens;
        tokens.onChange(write);
        write();
        if (refusal === null) {
          next();
          return;
        }
        Object.entries(refusal.headers).forEach(([name, value]) => response.setHeader(name, value));
        response.statusCode = refusal.status;
        response.end(refusal.body);
      },
      (error) => {
        response.off('close', onClose);
        // otherwise there is nobody to answer
        if (!gone.signal.aborted) {
          next(error);
        }
      },
    );
  };
}

/** Node joins the lines of a header. */
function lines(value) {
  return value === undefined ? [] : [value].flat();
}

function apply(tokens, gate, request, response) {
  const isSecure = request.secure ?? request.socket?.encrypted ?? false;
  const { token, setCookie } = tokens.response(gate.cookieOf(isSecure));
  if (tokens.status !== '') {
    response.setHeader(STATUS_HEADER, tokens.status);
  }
  if (token !== undefined) {
    response.setHeader(TOKEN_HEADER, token);
  }
  if (setCookie !== undefined) {
    const others = [response.getHeader('Set-Cookie') ?? []]
      .flat()
      .filter((cookie) => !String(cookie).startsWith(`${TOKEN_HEADER}=`));
    response.setHeader('Set-Cookie', [...others, setCookie]);
  }
}
