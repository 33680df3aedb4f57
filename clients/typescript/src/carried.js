// SPDX-License-Identifier: Apache-2.0
import { PLAIN, UnacceptedTokenError } from './seal.js';
import { MalformedTokenError } from './token.js';

/** The name of the header and of the cookie. */
export const TOKEN_HEADER = 'Tidemark-Token';

/** Maximum length of the reason: a header may be long, and the reason is logged. */
const MAX_REASON_CHARS = 200;
/** A proxy or a client may have joined several header lines with commas. */
const HEADER_PARTS = /[,~]/;
const COOKIE_PARTS = '~';
/** Some frameworks encode the value of a cookie as in a URL. */
const ENCODED_TILDE = /%7[Ee]/g;
/** A part that a newer application, beside this one during an upgrade, may be able to read. */
const OTHER_VERSION = /^t[ms](?!1\.)[0-9]{1,4}\./;

/**
 * The tokens in the lines of the header and of cookies, joined: a reader that has both has seen the writes of both. Each
 * part between `~` is read separately, so that an unreadable part does not affect others.
 *
 * @param {Iterable<string>} headerLines the values of the header `Tidemark-Token`
 * @param {Iterable<string>} cookieLines the values of the header `Cookie`
 * @param {{open: (text: string) => import('./index.js').Token}} form of the tokens
 * @returns {{token: Token | null, unreadable: string, hasCookie: boolean, isCookieSpoilt: boolean}} a spoilt cookie has a
 *     part that can be read by no version and with no secret
 */
export function carriedTokens(headerLines, cookieLines = [], form = PLAIN) {
  const carried = { form, token: null, problems: [], hasCookie: false, isCookieSpoilt: false };
  for (const line of headerLines) {
    add(carried, line.split(HEADER_PARTS), () => {});
  }
  let isOfUseElsewhere = false;
  let isSpoilt = false;
  for (const value of cookieValues(cookieLines)) {
    carried.hasCookie = true;
    add(carried, value.replace(ENCODED_TILDE, COOKIE_PARTS).split(COOKIE_PARTS), (part, error) => {
      isOfUseElsewhere ||= error === null || error instanceof UnacceptedTokenError || OTHER_VERSION.test(part);
      isSpoilt = true;
    });
  }
  const { token, problems, hasCookie } = carried;
  const reason = problems.join('; ');
  return {
    token,
    unreadable: reason.length > MAX_REASON_CHARS ? `${reason.slice(0, MAX_REASON_CHARS)}…` : reason,
    hasCookie,
    isCookieSpoilt: isSpoilt && !isOfUseElsewhere,
  };
}

function add(carried, parts, unused) {
  for (const part of parts.map((text) => text.trim()).filter((text) => text !== '')) {
    let read = null;
    try {
      read = carried.form.open(part);
      carried.token = carried.token === null ? read : carried.token.merge(read);
    } catch (error) {
      if (!(error instanceof MalformedTokenError)) {
        throw error;
      }
      carried.problems.push(error.message);
      unused(part, read === null ? error : null);
    }
  }
}

/** The values of our cookie, of which a browser sends several if they have different paths. */
function* cookieValues(lines) {
  for (const line of lines) {
    for (const pair of line.split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && pair.slice(0, equals).trim() === TOKEN_HEADER) {
        yield pair
          .slice(equals + 1)
          .trim()
          .replace(/^"(.*)"$/, '$1');
      }
    }
  }
}

/** The token for the caller: both together, so that it also reads its older writes. */
export function kept(received, written) {
  if (received === null || written === null) {
    return written ?? received;
  }
  try {
    return received.merge(written);
  } catch (error) {
    if (error instanceof MalformedTokenError) {
      return written; // together too long: a long request token must not spoil the token of the caller's new write
    }
    throw error;
  }
}
