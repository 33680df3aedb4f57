// What pages may ask of the frame around them.
import {h} from './dom.js';

export const frame = {draw() {}, links: {}};

/** Draws the page again, once an answer to a question of its own has arrived. */
export function draw() { frame.draw(); }

export function runbook(page) {
  const {runbook: base} = frame.links;
  if (!base) return h('span.muted', {}, 'Runbook: ', h('code', {}, 'docs/' + page));
  return h('a', {href: base.replace(/\/?$/, '/') + page, rel: 'noreferrer', target: '_blank'}, 'Runbook: ' + page);
}
