// SPDX-License-Identifier: Apache-2.0
import http from 'node:http';

/** Gives the recorded answers in turn and repeats the last one; records the requests. */
export class FakeRelay {
  requests = [];
  authorizations = [];
  #abandon;
  /** Resolves when a client has gone away before its answer. */
  abandoned = new Promise((resolve) => {
    this.#abandon = resolve;
  });
  #server;
  #script;

  static async start(script) {
    const relay = new FakeRelay();
    relay.#script = [...script];
    relay.#server = http.createServer((request, response) => relay.#answer(request, response));
    await new Promise((listening) => relay.#server.listen(0, '127.0.0.1', listening));
    return relay;
  }

  /** The address of a relay that is away: nothing listens there. */
  static async away() {
    const relay = await FakeRelay.start([]);
    const { url } = relay;
    await relay.close();
    return url;
  }

  get url() {
    return this.#server.listening ? `http://127.0.0.1:${this.#server.address().port}` : this.closedUrl;
  }

  async #answer(request, response) {
    let body = '';
    for await (const chunk of request) {
      body += chunk;
    }
    this.requests.push(`${request.method} ${request.url}${body && ` ${body}`}`);
    this.authorizations.push(request.headers.authorization ?? '');
    const answer = this.#script.length > 1 ? this.#script.shift() : this.#script[0];
    switch (answer.does ?? 'answers') {
      case 'answers':
        response.writeHead(answer.status, answer.headers);
        response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
        break;
      case 'hangs':
        response.on('close', this.#abandon);
        break;
      case 'dribbles': {
        response.writeHead(200, { 'content-length': 1_000_000 });
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
        break;
      }
      case 'cuts':
        response.writeHead(200, { 'content-length': 1000 });
        response.write('{"status":"success"}', () => response.destroy());
        break;
      case 'closes':
        response.destroy();
        break;
      default:
        throw new Error(`relay.json: does '${answer.does}' is not known`);
    }
  }

  async close() {
    this.closedUrl = this.url;
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }
}
