import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { describeState } from '../../agent/api/describe-state.ts';
import { backUp } from '../../agent/backup/back-up.ts';
import { restore } from '../../agent/backup/restore.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import type { SetTraffic } from '../../core/serving/api.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';
import { createTestSigner, type OrderWords, type TestSigner } from './support/signed-orders.ts';

const MODEL = 'mnist';

// Who holds a deployer's token and may read the repository has every statement that was ever signed: they stand in the ledger.
let signer: TestSigner;
let host: FakeHost;
let agent: Agent;
beforeEach(() => {
  signer = createTestSigner();
  host = openFakeHost({ 'trusted-keys': signer.publicFile });
  agent = createAgent(host.context);
});
afterEach(() => {
  host.close();
  signer.close();
});

const minute = (minutes: number) =>
  new Date(Date.parse('2026-01-01T00:00:00Z') + minutes * 60_000).toISOString();
const at = (minutes: number) => {
  host.world.now = Date.parse(minute(minutes));
};

async function sign(version: string, words: OrderWords): Promise<Envelope> {
  return signer.signOrder(await storePackage(host.context, version), version, words);
}

async function start(version: string, envelope: Envelope) {
  const manifest = await storePackage(host.context, version);
  const started = await agent.startInstance(MODEL, version, { manifest, envelope });
  for (let step = 0; step < 3; step++) {
    await agent.converge();
    serveAll(host.world);
  }
  return started.ok ? host.context.store.getInstance(MODEL, version)?.state : started.error.code;
}

/** `events`: how far the ledger went as the job says with its order. */
async function serve(stable: string, events?: number) {
  const words: SetTraffic = {
    stable,
    candidatePercent: 0,
    shadow: false,
    ...(events && { ledger: headAt(events) }),
  };
  const revision = host.context.store.getTraffic(MODEL)?.traffic.revision;
  expect(await agent.setTraffic(MODEL, words, revision)).toMatchObject({ ok: true });
}

const headAt = (events: number) => ({ commit: 'c', events, last: `e${events}`, replaces: [] });

async function stop(version: string) {
  expect(agent.stopInstance(MODEL, version)).toMatchObject({ ok: true });
  for (let step = 0; step < 3; step++) {
    host.world.now += 60_000;
    await agent.converge();
  }
}

describe('a promotion that was signed once', () => {
  test('starts no version again after a later one was obeyed', async () => {
    const first = await sign('1', { events: 10, signedAt: minute(0) });
    expect(await start('1', first)).toBe('ready');
    await serve('1');
    at(60);
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(60) }))).toBe('ready');
    await serve('2');
    at(61);
    await stop('1');
    expect(await start('1', first)).toBe('order-replayed');
    expect(host.context.store.getInstance(MODEL, '1')?.state).toBe('stopped');
  });

  test('starts no version again that was stopped since, also where no host has seen the statement', async () => {
    expect(await start('1', await sign('1', { events: 10, signedAt: minute(0) }))).toBe('ready');
    await serve('1');
    at(60);
    const tried = await sign('2', { events: 20, signedAt: minute(60) });
    // It stands in the ledger alone: hosts were told the traffic, and started nothing anew.
    const promoted = await sign('2', { events: 22, signedAt: minute(62) });
    expect(await start('2', tried)).toBe('ready');
    await serve('2');
    at(70);
    await serve('1');
    await stop('2');
    expect(await start('2', tried)).toBe('order-spent');
    expect(await start('2', promoted)).toBe('order-spent');
  });

  test('and says a time that has not come is spent too, where the ledger had gone further when its version was stopped', async () => {
    expect(await start('1', await sign('1', { events: 10, signedAt: minute(0) }))).toBe('ready');
    await serve('1');
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(60) }))).toBe('ready');
    await serve('2', 21);
    await serve('1', 24);
    await stop('2');
    expect(await start('2', await sign('2', { events: 22, signedAt: minute(9_000) }))).toBe('order-spent');
  });

  test('is remembered by an agent that was killed, and by one that was restored from its backup', async () => {
    const first = await sign('1', { events: 10, signedAt: minute(0) });
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(1) }))).toBe('ready');
    agent = createAgent(host.reopen());
    expect(await start('1', first)).toBe('order-replayed');
    const file = join(host.folder, '..', `${basename(host.folder)}.tar`);
    await host.leaveTo(async () => void (await backUp([file, '--data-dir', host.folder], {})));
    const before = host;
    host = openFakeHost({ 'trusted-keys': signer.publicFile });
    await host.leaveTo(async () => {
      rmSync(host.folder, { recursive: true });
      await restore([file, '--data-dir', host.folder], {});
    });
    agent = createAgent(host.context);
    rmSync(file);
    before.close();
    expect(await start('1', first)).toBe('order-replayed');
  });

  test('for another environment starts nothing here', async () => {
    const staged = await sign('1', { events: 10, environment: 'staging' });
    expect(await start('1', staged)).toBe('signed-for-other');
  });
});

describe('an order of today', () => {
  test('brings an older version back, signed anew', async () => {
    expect(await start('1', await sign('1', { events: 10, signedAt: minute(0) }))).toBe('ready');
    await serve('1');
    at(60);
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(60) }))).toBe('ready');
    await serve('2');
    await stop('1');
    at(70);
    expect(await start('1', await sign('1', { events: 24, signedAt: minute(70) }))).toBe('ready');
  });

  test('starts what was stopped, also where the clock of the runner is behind the host’s', async () => {
    expect(await start('1', await sign('1', { events: 10, signedAt: minute(0) }))).toBe('ready');
    await serve('1', 11);
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(1) }))).toBe('ready');
    await serve('2', 21);
    at(60);
    await stop('1');
    expect(await start('1', await sign('1', { events: 24, signedAt: minute(10) }))).toBe('ready');
  });

  test('is given once more where the clock of the host was ahead as it stopped the version', async () => {
    expect(await start('1', await sign('1', { events: 10, signedAt: minute(0) }))).toBe('ready');
    await serve('1');
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(1) }))).toBe('ready');
    await serve('2');
    at(100_000);
    await stop('1');
    at(70);
    expect(await start('1', await sign('1', { events: 24, signedAt: minute(69) }))).toBe('order-spent');
    at(72);
    expect(await start('1', await sign('1', { events: 25, signedAt: minute(71) }))).toBe('ready');
  });

  test('may be given twice, as a job does that was lost in between', async () => {
    const envelope = await sign('1', { events: 10 });
    expect(await start('1', envelope)).toBe('ready');
    expect(await start('1', envelope)).toBe('ready');
  });

  test('is no later one’s concern where it starts again what serves', async () => {
    const first = await sign('1', { events: 10 });
    expect(await start('1', first)).toBe('ready');
    await serve('1');
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(1) }))).toBe('ready');
    const served = host.context.store.getInstance(MODEL, '1');
    if (served === undefined) throw new Error('it serves');
    host.context.store.putInstance({ ...served, state: 'failed' });
    expect(await start('1', first)).toBe('ready');
  });

  test('of a ledger that was begun anew counts by its instant, and those of the lost one are past', async () => {
    expect(await start('1', await sign('1', { events: 100, signedAt: minute(0) }))).toBe('ready');
    const begun = { events: 3, replaces: ['c100'] };
    expect(await start('2', await sign('2', { ...begun, signedAt: minute(5) }))).toBe('ready');
    expect(await start('3', await sign('3', { events: 101, signedAt: minute(4) }))).toBe('order-replayed');
    expect(await start('3', await sign('3', { ...begun, events: 4, signedAt: minute(3) }))).toBe('ready');
  });

  test('that a person gives by hand needs no signature', async () => {
    expect(await start('1', await sign('1', { events: 10 }))).toBe('ready');
    await serve('1');
    expect(await start('2', await sign('2', { events: 20, signedAt: minute(1) }))).toBe('ready');
    await serve('2');
    expect(await agent.takeBack(MODEL, { to: '1', explanation: 'It is wrong.' })).toMatchObject({ ok: true });
    expect(host.context.store.getTraffic(MODEL)?.traffic.stable).toBe('1');
  });
});

test('a host says whether it starts packages that nobody has signed', async () => {
  expect((await describeState(host.context)).packages).toBe('signed');
  const open = openFakeHost();
  onTestFinished(() => open.close());
  expect((await describeState(open.context)).packages).toBe('any');
});
