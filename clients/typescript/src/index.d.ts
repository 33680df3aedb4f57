// SPDX-License-Identifier: Apache-2.0

/** Maximum number of sources in one token. */
export const MAX_SOURCES: 8;
/** Maximum number of characters in a token's text. */
export const MAX_LENGTH: 512;

/** A text is not a token, or tokens are too long together. The message names the problem. */
export class MalformedTokenError extends Error {}

/** The part of a token for one source and timeline. */
export interface TokenPart {
  /** 8 lower-case hex digits (`outbox.source`). */
  readonly source: string;
  /** Postgres' timeline id at the time of the write, 1 or more. */
  readonly timeline: number;
  /** 16 upper-case hex digits; string order is LSN order. */
  readonly lsn: string;
}

/**
 * A writer keeps a token to ask "is my write visible yet?". Immutable. The text is opaque: compare and merge tokens only
 * through this class.
 */
export class Token {
  /** @throws {MalformedTokenError} for a part that is not valid, or beyond the limits */
  constructor(parts: readonly TokenPart[]);
  /** @throws {MalformedTokenError} that names length, version, source, timeline or LSN */
  static parse(text: string): Token;
  /** The token itself, or the one that a text stands for. */
  static of(tokenOrText: Token | string): Token;
  /** One part for each source and timeline, sorted. */
  readonly parts: readonly TokenPart[];
  /**
   * The token that covers both.
   *
   * @throws {MalformedTokenError} when the result would exceed MAX_SOURCES or MAX_LENGTH
   */
  merge(other: Token | string): Token;
  equals(other: unknown): boolean;
  toString(): string;
  toJSON(): string;
}

/**
 * A text may be a token, but not one that is accepted here. Another process, with other secrets, may accept it.
 */
export class UnacceptedTokenError extends MalformedTokenError {
  readonly code: 'no-secret' | 'unsealed-token' | 'seal-not-valid';
}

/** Maximum number of secrets: the one that seals, and the one before or after it. */
export const MAX_SECRETS: 2;

/**
 * Seals tokens, so that a holder of the text can neither read nor forge it. For relays with `tokens.secretFile`. Several
 * sealed tokens may be joined with `~`.
 */
export class TokenSeal {
  /**
   * @param secrets one or two, each of 32 or more visible ASCII characters; the first seals, all of them open
   * @throws {TypeError} when there are none or too many, or one is too short
   */
  constructor(secrets: readonly string[]);
  /**
   * The secrets in a file, one on each line. It is read again within a second of a change. If it cannot be used then, the
   * secrets before the change stay in use, and `warn` (default `console.warn`) gets the reason.
   *
   * @throws {TypeError} when it cannot be used now
   */
  static fromFile(file: string, options?: { warn?: (line: string) => void }): TokenSeal;
  /** The text to hand to a caller. */
  seal(token: Token | string): string;
  /**
   * The token that a text of a caller stands for.
   *
   * @throws {UnacceptedTokenError} when the text is not sealed, or was sealed with another secret, or was altered
   * @throws {MalformedTokenError} when it is malformed
   */
  open(text: string): Token;
}

/** `select outbox.token() as token` */
export const TAKE_TOKEN: string;

/**
 * The token of everything that this connection has committed. Call it after the commit, on the connection that committed:
 * a client of node-postgres, or anything with the same `query`.
 */
export function takeToken(connection: {
  query(sql: string): Promise<{ rows: Array<Record<string, any>> }>;
}): Promise<Token>;

/**
 * What a reader wants to see: the writes of a token, as a Token or as the text that callers have (sealed, if the client
 * has a seal); or, without one, everything that is committed when a relay receives
 * the question (`now`), or that was committed so long before the answer (100 ms or more). The last two need a relay of
 * version 0.2.
 */
export type Wanted = Token | string | 'now' | { maxStalenessMillis: number };

/** What a relay answers about a token. */
export type RelayStatus =
  | 'success'
  | 'timeout'
  | 'stalled'
  | 'stopped'
  | 'rebuilding'
  | 'unknown'
  | 'ahead'
  | 'diverged'
  | 'foreign'
  | 'expired';

/** `unreachable`: no relay has answered within the timeout. Only this library reports it. */
export type WatermarkStatus = RelayStatus | 'unreachable';

/** A partition that is behind. */
export interface Behind {
  readonly topic: string;
  readonly partition: number;
  /** The offset to reach. */
  readonly need: number;
  /** The offset reached; 0 if it is not known. */
  readonly have: number;
}

/** Whether a projection has caught up with a token, and if not, why. Immutable. */
export class WatermarkAnswer {
  private constructor();
  /** Its name; the name in the question if no relay has answered. */
  readonly projection: string;
  readonly status: WatermarkStatus;
  /** Of a `timeout`: not published, or not consumed; otherwise empty. */
  readonly phase: 'source' | 'projection' | '';
  /** For people; empty if the status is enough. */
  readonly reason: string;
  /** Total time that relays have waited in all requests. */
  readonly waitedMillis: number;
  /** The partitions that are behind, as far as the relay reports them. */
  readonly behind: readonly Behind[];
  /**
   * The token to continue with; null when nothing of it is left, or when the question had none and no relay has answered.
   * Hand it to the caller instead of the old one.
   */
  readonly token: Token | null;
  get isCaughtUp(): boolean;
}

/** The answer about several projections. Immutable. */
export class CombinedAnswer {
  private constructor();
  /** `success` when the mode of the wait is satisfied. */
  readonly status: WatermarkStatus;
  /** One for each projection, in the order of the question; empty if no relay has answered. */
  readonly answers: readonly WatermarkAnswer[];
  readonly reason: string;
  /** As in {@link WatermarkAnswer.token}. */
  readonly token: Token | null;
  get isCaughtUp(): boolean;
}

/** All relays refuse the request with the same HTTP status, and a retry would not help. */
export class RelayRequestError extends Error {
  /** 4xx */
  readonly httpStatus: number;
}

/** A projection has not caught up within the timeout, and the caller chose the fallback `fail`. */
export class NotCaughtUpError extends Error {
  readonly answer: WatermarkAnswer;
}

export interface WatermarkClientOptions {
  /** Called for each request, because tokens rotate. For relays with `http.bearerTokenFile`. */
  bearerToken?: () => string | Promise<string>;
  /** The first line of this file is the bearer token; read again for each request. */
  bearerTokenFile?: string;
  /** For relays with `tokens.secretFile`. */
  seal?: TokenSeal;
  /** For TLS with your own certificates, or a proxy: an agent of `node:http` or `node:https`. */
  agent?: import('node:http').Agent | import('node:https').Agent;
  /** Receives one line a minute if all relays refuse. Default: `console.warn`. */
  warn?: (line: string) => void;
}

export interface AwaitOptions {
  /** From 0 to a day. 0, the default, asks once. */
  timeoutMillis?: number;
  /** Ends the wait; the promise is rejected then. */
  signal?: AbortSignal;
}

/** Where to read, after a wait for a projection. */
export type ReadFrom = 'projection' | 'stale-projection' | 'primary';

/**
 * Asks relays whether projections have caught up with a token. A call takes at most its timeout plus 2.5 seconds, for any
 * number of relays. Holds connections, so create one for each process.
 */
export class WatermarkClient {
  /**
   * @param relays base URLs of one or more replicas, for example `http://relay:8080`
   * @throws {TypeError} when there is none, or one is not a base URL
   */
  constructor(relays: ReadonlyArray<string | URL>, options?: WatermarkClientOptions);

  readonly seal: TokenSeal | undefined;

  /**
   * Waits until the projection has caught up, and returns whether it has. If no relay can be reached, the status is
   * `unreachable`.
   *
   * @throws {RelayRequestError} if all relays refuse with the same HTTP status, for example because none has the projection
   */
  awaitToken(projection: string, wanted: Wanted, options?: AwaitOptions): Promise<WatermarkAnswer>;

  /** Waits for several projections at once: for `all` of them (the default), or for `any`. */
  awaitAll(
    projections: readonly string[],
    wanted: Wanted,
    options?: AwaitOptions & { mode?: 'all' | 'any' },
  ): Promise<CombinedAnswer>;

  /**
   * Waits until the projection has caught up, and returns where to read. The fallback decides in every other case: a
   * status other than success, no relay that answers, or all relays refusing the request.
   *
   * @throws {NotCaughtUpError} with the fallback `fail`
   */
  readFrom(
    projection: string,
    wanted: Wanted,
    options: AwaitOptions & { fallback: 'stale' | 'primary' | 'fail' },
  ): Promise<ReadFrom>;
  readFrom<T>(
    projection: string,
    wanted: Wanted,
    options: AwaitOptions & { fallback: (answer: WatermarkAnswer) => T | Promise<T> },
  ): Promise<T | 'projection'>;
}

/** Attributes of the cookie `Tidemark-Token`. It is always HttpOnly. */
export interface CookieOptions {
  /** Default: `/` */
  path?: string;
  domain?: string;
  /** Default: `Lax` */
  sameSite?: 'Strict' | 'Lax' | 'None';
  /** Default: 300 */
  maxAgeSeconds?: number;
  /** Default `auto`: if the request is secure. Behind a proxy that ends TLS, trust it, or set true. */
  secure?: boolean | 'auto';
}

/** What a middleware does. `R` is the framework's request. */
export interface GateOptions<R = any> {
  /** Required with `projection`. */
  client?: WatermarkClient;
  /** The projection to wait for, or a function of the request. Without one, the middleware only carries tokens. */
  projection?: string | ((request: R) => string | null | undefined);
  /** Default: 750 */
  timeoutMillis?: number;
  /**
   * If the projection has not caught up: serve the request (`pass`, the default), refuse it (`fail`: 503 with Retry-After,
   * 409 or 410), or decide with a function.
   */
  otherwise?:
    | 'pass'
    | 'fail'
    | ((answer: WatermarkAnswer, request: R) => 'pass' | 'fail' | Promise<'pass' | 'fail'>);
  /** Serve a request whose token cannot be read, or refuse it with 400. Default: `reject` with `otherwise: 'fail'`. */
  unreadableTokens?: 'ignore' | 'reject';
  /** Which requests wait. Default: GET and HEAD. */
  waitsBefore?: (request: R) => boolean;
  /** false: use the header only. */
  cookie?: false | CookieOptions;
  /** How tokens are sealed for callers. Default: the seal of the client. */
  seal?: TokenSeal;
}

/** The tokens of one request, in `request.tidemark`. */
export interface RequestTokens {
  /** The token that the caller has sent, or the one to continue with after the wait; null if none. */
  readonly received: Token | null;
  /** Why a part of the token was ignored, for people; empty if none was. */
  readonly unreadable: string;
  /** `none`: the caller has sent no token. Empty: no relay was asked. */
  readonly status: WatermarkStatus | 'none' | 'unreadable' | '';
  /** The answer of the wait; null if no relay was asked. */
  readonly answer: WatermarkAnswer | null;
  /** Whether a read of the projection sees all writes of the caller; true if it brings no token. */
  readonly isCaughtUp: boolean;
  /**
   * Adds the token of a write to those that the response returns: a Token, the text of `outbox.token()`, or a sealed token
   * of another service. Call it before the response is sent.
   */
  written(token: Token | string): void;
  /** Replaces the request's token by that of the answer to your own question. */
  carryOn(token: Token | string | null): void;
}
