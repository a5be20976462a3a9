import { statSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createApp, listenLocally } from '../../agent/api/server.ts';
import { takeBackByHand } from '../../agent/by-hand.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { localSocket } from '../../agent/options/options.ts';
import { listOwned, stopSession } from '../../agent/runtimes/process/handle.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';
import { leaseOf } from './support/deploy.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const MODEL = 'mnist';

let host: FakeHost;
let agent: Agent;
let local: Server | undefined;
beforeEach(async () => {
  host = openFakeHost();
  agent = createAgent(host.context);
  for (const version of ['1', '2']) {
    await agent.startInstance(MODEL, version, { manifest: await storePackage(host.context, version) });
  }
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  const request = { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, lease: leaseOf('r1') };
  await agent.setTraffic(MODEL, request, undefined);
});
afterEach(async () => {
  local?.close();
  local = undefined;
  for (const { handle } of listOwned(`trainyard-agent:${host.folder}`)) await stopSession(handle, 1_000);
  host.close();
});

test('a person on the host takes traffic back from a running agent, by its folder alone', async () => {
  local = await listenLocally(createApp(agent, 'open'), host.context.log, localSocket(host.folder));
  expect(statSync(localSocket(host.folder)).mode & 0o777).toBe(0o600);
  const said = await takeBackByHand(
    ['--model', MODEL, '--data-dir', host.folder, '--because=It answers nonsense.'],
    {},
  );
  expect(said).toContain('version 2 is taken back on this host, and version 1 answers in its place');
  expect(host.context.store.getTraffic(MODEL)?.traffic).toMatchObject({
    candidatePercent: 0,
    brake: { code: 'by-hand', explanation: 'It answers nonsense.' },
  });
  expect(host.world.plan?.splits[0]?.candidatePercent).toBe(0);
  await expect(takeBackByHand(['--model', MODEL, '--data-dir', host.folder], {})).rejects.toThrow(
    'No other version is ready here.',
  );
});

test.each([
  [[], 'model'],
  [['--model', 'no such name'], 'model'],
  [['--model', MODEL, '--to', 'seven'], 'to'],
])('what is not clear is refused: %j', async (argv, what) => {
  await expect(takeBackByHand(argv, {})).rejects.toThrow(what);
});

test.skipIf(!HAS_TOOLCHAIN)(
  'where no agent runs it is done all the same, in the store and in the proxy',
  async () => {
    const { store } = host.context;
    for (const instance of store.instances()) {
      const [inference = 0, management = 0, metrics = 0, grpcInference = 0, grpcManagement = 0] =
        await findFreePorts(5);
      const ports = { inference, management, metrics, grpcInference, grpcManagement };
      const handle = { owner: `none/${instance.version}`, folder: join(host.folder, 'run'), ...ports };
      store.putInstance({ ...instance, handle });
    }
    const [port = 0] = await findFreePorts(1);
    const argv = ['--data-dir', host.folder, '--data-plane', `127.0.0.1:${port}`, '--python', PYTHON];
    const env = { ...process.env, TRAINYARD_AGENT_TOKENS: `deployer ${TOKENS.deployer}` };
    const next = await host.leaveTo(
      async () => void (await takeBackByHand([...argv, '--model', MODEL], env)),
    );
    expect(next.store.getTraffic(MODEL)?.traffic.brake).toMatchObject({
      rollout: 'r1',
      version: '2',
      code: 'by-hand',
    });
    expect((await fetch(`http://127.0.0.1:${port}/ping`)).status).toBe(200);
  },
);
