// SPDX-License-Identifier: Apache-2.0
export { CombinedAnswer, WatermarkAnswer } from './answers.js';
export { NotCaughtUpError, WatermarkClient } from './client.js';
export { RelayRequestError } from './relays.js';
export { MAX_SECRETS, TokenSeal, UnacceptedTokenError } from './seal.js';
export { MAX_LENGTH, MAX_SOURCES, MalformedTokenError, TAKE_TOKEN, Token, takeToken } from './token.js';
