import { createConnection, createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { resetStreams, SIEGES, type Siege, type SiegeTarget } from '../../measure/attack/siege/siege.ts';
import { smuggled } from '../../measure/attack/siege/smuggled.ts';
import { THIS_MACHINE } from '../../sandbox/agent/agent-process.ts';
import { type RunningAgent, startAgent } from '../../sandbox/agent/start-agent.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { startPacedClient } from '../../sandbox/traffic/steady-client.ts';
import { deployVersion, MODEL, shift } from '../agent/support/deploy.ts';
import { play } from './support/play.ts';

const PER_SECOND = 20;
/** So many predictions have to be answered while an attack goes on. */
const ANSWERED = 60;
/** And so often it has to have been tried. */
const TRIED = 80;

let agent: RunningAgent;
beforeAll(async () => {
  agent = await startAgent({}, { ...THIS_MACHINE, program: 'agent/dist/agent.mjs' });
  await deployVersion(agent, { version: '1' });
  await shift(agent, { stable: '1', candidatePercent: 0, shadow: false });
  await waitFor(async () => (await ask().catch(() => undefined)) === 200, 'the model to serve');
}, 180_000);
afterAll(() => agent?.down(), 60_000);

const portOf = (url: string) => Number(new URL(url).port);
const BODY = '{"inputs":[1]}';
const JSON_TYPE = { 'content-type': 'application/json' };
const ask = async () =>
  (await fetch(agent.predictions, { method: 'POST', body: BODY, headers: JSON_TYPE })).status;
const predictions = (): SiegeTarget => ({
  ...{ port: portOf(agent.predictions), path: `/predictions/${MODEL}`, body: BODY, open: '/ping' },
});
const control = (): SiegeTarget => ({
  ...{ port: portOf(agent.url), path: '/v1/labels', body: '{}', open: '/healthz' },
});

/** Lets attacks go on while a client predicts; gives what that client met. */
async function besiege(attack: () => readonly Siege[]): Promise<string> {
  const client = startPacedClient(agent.predictions, PER_SECOND);
  const sieges = attack();
  const answered = () => Object.values(client.answered()).reduce((sum, count) => sum + count, 0);
  try {
    await waitFor(
      () => answered() >= ANSWERED && sieges.every(({ tried }) => tried() >= TRIED),
      `${ANSWERED} answers beside ${TRIED} attacks`,
      90_000,
    );
  } finally {
    for (const { stop } of sieges) stop();
    await client.stop();
  }
  const { status } = await fetch(`${agent.url}/healthz`, { signal: AbortSignal.timeout(10_000) });
  if (status !== 200) return `the control API answers ${status}`;
  return client.failures().length === 0 ? 'no effect' : client.failures().join('; ');
}

/** Everything that comes back for some bytes, until the other side closes or says nothing more for a while. */
function answerTo({ port }: SiegeTarget, text: string): Promise<string> {
  const socket = createConnection({ host: '127.0.0.1', port, localAddress: '127.0.0.67' });
  let said = '';
  return new Promise((resolve) => {
    socket.setTimeout(1_500, () => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (part) => (said += String(part)));
    socket.once('close', () => resolve(said));
    socket.write(text);
  });
}

play('C11', () =>
  besiege(() => [
    SIEGES['bodies a letter at a time'](predictions()),
    SIEGES['headers a letter at a time'](control()),
    SIEGES['silent connections'](predictions()),
  ]),
);

play('C12', () =>
  besiege(() => [
    SIEGES['half-closed connections'](predictions()),
    SIEGES['half-closed connections'](control()),
    SIEGES['connections closed within a request'](control()),
    SIEGES['connections closed within a request'](predictions()),
  ]),
);

test.each([
  ['predictions', predictions, ['', 'HTTP/1.1 200']],
  ['the control API', control, ['HTTP/1.1 401']],
] as const)(
  'who closes half of a connection at %s loses all of it, or is answered',
  async (_, target, allowed) => {
    const socket = createConnection({ host: '127.0.0.1', port: target().port, localAddress: '127.0.0.68' });
    let said = '';
    socket.on('data', (part) => (said += String(part)));
    const head = `POST ${target().path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}`;
    socket.end(`${head}\r\n\r\n${BODY}`);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(allowed).toContain(said.slice(0, 12));
  },
);

test.each([
  ['predictions', predictions, 'ok'],
  ['the control API', control, '{"status":"ok"}'],
] as const)('a request hidden in another is heard by nobody at %s', async (_, target, open) => {
  const { path, open: hidden } = target();
  const plain = await answerTo(target(), `GET ${hidden} HTTP/1.1\r\nhost: x\r\n\r\n`);
  expect(plain, 'what a request that is heard is answered').toContain(`\r\n\r\n${open}`);
  const texts = Object.entries(smuggled(path, hidden));
  const answers = await Promise.all(
    texts.map(async ([name, text]) => ({ name, said: await answerTo(target(), text) })),
  );
  for (const { name, said } of answers) {
    expect(said, name).not.toContain(`\r\n\r\n${open}`);
    const statuses = said.match(/HTTP\/1\.[01] \d+/g) ?? [];
    expect(statuses.length, name).toBeLessThanOrEqual(1);
    expect(statuses.join(), name).not.toMatch(/ [23]\d\d/);
  }
});

test.each([
  ['predictions', predictions, 404],
  ['the control API', control, 404],
])('an address of elsewhere is fetched by nobody at %s', async (_, target, status) => {
  let reached = 0;
  const server = createServer(() => (reached += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const said = await answerTo(target(), `GET http://127.0.0.1:${port}/x HTTP/1.1\r\nhost: x\r\n\r\n`);
  server.close();
  expect([reached, said.slice(0, 12)]).toEqual([0, `HTTP/1.1 ${status}`]);
});

play('C13', () =>
  besiege(() => [predictions(), control()].map((target) => SIEGES['requests hidden in others'](target))),
);

play('C14', () =>
  besiege(() =>
    [predictions(), control()].map((target) =>
      SIEGES['headers, addresses and bodies beyond all bounds'](target),
    ),
  ),
);

play('C15', () => besiege(() => [resetStreams(predictions())]));
