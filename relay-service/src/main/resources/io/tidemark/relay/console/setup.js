// How this relay is configured, and whether that is right.
import {ask, Refused} from './ask.js';
import {h, badge, card, command, facts} from './dom.js';
import {draw} from './frame.js';

export const title = 'Setup';

let setup = null, check = {busy: false, body: null, problem: ''};

export async function poll() { if (!setup) setup = await ask('/v1/setup'); }

async function run() {
  check = {busy: true, body: null, problem: ''};
  draw();
  try { check = {busy: false, body: await ask('/v1/setup/check', {timeout: 60000}), problem: ''}; }
  catch (e) { check = {busy: false, body: null, problem: e instanceof Refused ? e.message : 'No answer from the relay.'}; }
  draw();
}

export function render({picked}) {
  if (!setup) return h('p.muted', {}, 'Asking …');
  const source = picked.source || {};
  return [
    card('Check', h('p', {}, 'The same as ', h('code', {}, 'tidemark check CONFIG'), ', by the replica that answers. It changes nothing and takes a few seconds.'),
      h('p', {}, h('button', {type: 'button', disabled: check.busy, click: run}, check.busy ? 'Checking …' : 'Check now')),
      check.problem ? h('p', {}, badge('unknown', 'unknown'), ' ', h('span.text', {}, check.problem)) : null,
      check.body ? h('ul.findings', {}, check.body.findings.map(f => h('li.bad', {}, badge('bad', 'finding'), ' ', h('span.text', {}, f))),
        check.body.ok.map(f => h('li.fine', {}, badge('fine', 'ok'), ' ', h('span.text', {}, f)))) : null),
    h('div.columns', {},
      card('Versions', facts(['Tidemark', setup.version], ['Java', setup.java], ['Source', h('code', {}, source.source || 'unknown')],
        ['Database', source.database || 'unknown'], ['System identifier', h('code', {}, source.systemIdentifier || 'unknown')], ['Timeline', String(source.timeline ?? 'unknown')])),
      card('Interface', h('p', {}, h('a', {href: '../v1/openapi.yaml', target: '_blank'}, 'OpenAPI description of this relay')), command('curl -s ' + new URL('../v1/openapi.yaml', location.href.split('#')[0]).href))),
    card('Effective configuration', h('p.muted', {}, 'Of the replica that answers. Passwords, tokens and the values of client properties are never shown.'),
      h('pre', {tabindex: '0'}, JSON.stringify(setup.configuration, null, 2))),
  ];
}
