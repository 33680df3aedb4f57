// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';
import https from 'node:https';

/** A relay that is away without a word must leave time for the others. */
const CONNECT_TIMEOUT_MILLIS = 1000;
/** Maximum size of a response; an answer of a relay is far smaller. */
const MAX_BODY_BYTES = 1024 * 1024;
const MAX_IDLE_CONNECTIONS = 16;

/** A new agent that keeps connections, for the protocol of the URL. */
export function agentFor(url) {
  const { Agent } = url.protocol === 'https:' ? https : http;
  return new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE_CONNECTIONS });
}

/**
 * Sends a request and reads the whole response, or fails when the time is over, whatever the server does. Follows no
 * redirect.
 *
 * @param {{url: URL, method: string, headers: object, body: string, agent: object}} request
 * @param {number} timeoutMillis for all of it: name resolution, connection, request and response
 * @param {AbortSignal | undefined} signal ends the request
 */
export async function send(request, timeoutMillis, signal) {
  const end = performance.now() + timeoutMillis;
  try {
    return await attempt(request, timeoutMillis, signal);
  } catch (error) {
    // the server has closed an idle connection at the moment at which it was used again
    const left = end - performance.now();
    if (error.wasReused && !signal?.aborted && left > 0) {
      return attempt(request, left, signal);
    }
    throw error;
  }
}

function attempt({ url, method, headers, body, agent }, timeoutMillis, signal) {
  return new Promise((resolve, reject) => {
    const { request: open } = url.protocol === 'https:' ? https : http;
    const request = open(url, { method, headers, agent, signal });
    let connecting;
    let failure; // what an end by our own hand means; the stream itself only reports that it was cut
    const end = (message) => {
      failure ??= new Error(message);
      request.destroy(failure);
    };
    const timer = setTimeout(end, timeoutMillis, `no complete response within ${Math.round(timeoutMillis)} ms`);
    const settle = (outcome, value) => {
      clearTimeout(timer);
      clearTimeout(connecting);
      outcome(value);
    };
    request.on('socket', (socket) => {
      if (socket.connecting) {
        const message = `no connection within ${CONNECT_TIMEOUT_MILLIS} ms`;
        connecting = setTimeout(end, CONNECT_TIMEOUT_MILLIS, message);
        socket.once('connect', () => clearTimeout(connecting));
      }
    });
    request.on('error', (error) => {
      error.wasReused = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      settle(reject, failure ?? error);
    });
    request.on('response', (response) => {
      read(response, request).then(
        (text) => settle(resolve, { status: response.statusCode, headers: response.headers, body: text }),
        (error) => settle(reject, failure ?? error),
      );
    });
    request.end(body);
  });
}

/** Throws if the connection is closed in the middle of the response. */
async function read(response, request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      request.destroy();
      throw new Error(`a response of more than ${MAX_BODY_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
