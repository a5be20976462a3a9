import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Agent, createAgent } from '../../agent/agent.ts';
import { createSteadyClock, JUMP_MS, type SteadyClock } from '../../agent/machine/steady-clock.ts';
import { createClockWatch, moveOutOfFuture } from '../../agent/machine/watch-clock.ts';
import { THIS_MACHINE } from '../../sandbox/agent/agent-process.ts';
import { type RunningAgent, startAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { type SteadyClient, startSteadyClient } from '../../sandbox/traffic/steady-client.ts';
import { deployVersion, leaseOf, MODEL, shift } from './support/deploy.ts';
import { counted, type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A machine whose clock can be set. */
function createMachine() {
  const machine = { uptime: 0, ahead: Date.parse('2026-01-01T00:00:00Z') };
  const clock = createSteadyClock({
    wall: () => machine.ahead + machine.uptime,
    uptime: () => machine.uptime,
  });
  return { machine, clock };
}

describe('the agent’s clock', () => {
  test('goes on evenly whatever is done to the machine’s', () => {
    const jump = fc.integer({ min: JUMP_MS + 1, max: 1e12 }).chain((ms) => fc.constantFrom(ms, -ms));
    const passing = fc.array(fc.tuple(fc.integer({ min: 0, max: 1e6 }), jump));
    fc.assert(
      fc.property(passing, (steps) => {
        const { machine, clock } = createMachine();
        const begun = Date.parse(clock.now());
        const [real, uptime] = [machine.ahead, machine.uptime];
        for (const [ms, ahead] of steps) {
          machine.uptime += ms;
          machine.ahead = real + ahead;
          expect(Date.parse(clock.now()) - begun).toBe(machine.uptime - uptime);
          expect(clock.jumpMs()).toBe(ahead);
        }
      }),
    );
  });

  test('follows what a time server evens out, and never goes back meanwhile', () => {
    const { machine, clock } = createMachine();
    const begun = Date.parse(clock.now());
    machine.ahead += 1_500;
    expect(Date.parse(clock.now()) - begun).toBe(1_500);
    machine.ahead -= 1_000;
    expect(Date.parse(clock.now()) - begun).toBe(1_500);
    machine.uptime += 2_000;
    expect(Date.parse(clock.now()) - begun).toBe(2_500);
    expect(clock.jumpMs()).toBe(0);
  });
});

describe('a rollout whose host’s clock jumps', () => {
  let host: FakeHost;
  let agent: Agent;
  let clock: SteadyClock;
  let machine: ReturnType<typeof createMachine>['machine'];
  let watch: () => void;

  beforeEach(async () => {
    host = openFakeHost();
    ({ machine, clock } = createMachine());
    agent = createAgent({ ...host.context, clock });
    watch = createClockWatch(
      { clock, store: host.context.store, log: host.context.log },
      () => machine.uptime,
    );
    for (const version of ['1', '2']) {
      await agent.startInstance('mnist', version, { manifest: await storePackage(host.context, version) });
    }
    for (let step = 0; step < 3; step++) {
      await agent.converge();
      serveAll(host.world);
    }
    const lease = leaseOf('r1', 1_200);
    await agent.setTraffic(
      'mnist',
      { stable: '1', candidate: '2', candidatePercent: 50, shadow: false, lease },
      undefined,
    );
  });
  afterEach(() => host.close());

  let requests = 0;
  /** So much time passes, and the host looks. */
  async function pass(ms: number): Promise<void> {
    machine.uptime += ms;
    requests += 100;
    for (const version of ['1', '2']) host.world.counters.set(`mnist@${version}`, counted(requests));
    watch();
    await agent.observeAndJudge();
  }
  const brake = () => host.context.store.getTraffic('mnist')?.traffic.brake?.code;
  const seconds = () => host.context.store.observations('mnist', 'r1', 0).map((row) => row.seconds);

  test.each([
    ['ahead', HOUR_MS],
    ['back', -HOUR_MS],
  ])('%s keeps its lease and its evidence, also once the new time counts', async (_way, jumpMs) => {
    await pass(MINUTE_MS);
    machine.ahead += jumpMs;
    for (let minute = 0; minute < 15; minute++) await pass(MINUTE_MS);
    expect(host.world.log).toContainEqual(expect.stringContaining('clock-jumped'));
    expect(clock.jumpMs()).toBe(0);
    expect(brake()).toBeUndefined();
    expect(seconds()).toEqual(Array.from({ length: 16 }, () => 60));
    // The lease of 20 minutes was given 16 minutes ago.
    for (let minute = 0; minute < 24; minute++) await pass(MINUTE_MS);
    expect(brake()).toBe('lease-expired');
  });

  test('ahead and back again loses nothing', async () => {
    await pass(MINUTE_MS);
    const before = host.context.store.getTraffic('mnist');
    machine.ahead += 365 * 24 * HOUR_MS;
    await pass(MINUTE_MS);
    machine.ahead -= 365 * 24 * HOUR_MS;
    for (let minute = 0; minute < 15; minute++) await pass(MINUTE_MS);
    expect(host.context.store.getTraffic('mnist')).toEqual(before);
    expect(seconds()).toEqual(Array.from({ length: 17 }, () => 60));
  });

  test('back while no agent runs ends the lease: how long nothing was heard nobody can say', async () => {
    await pass(MINUTE_MS);
    machine.ahead -= 24 * HOUR_MS;
    clock.adopt();
    moveOutOfFuture({ clock, store: host.context.store, log: host.context.log });
    expect(Date.parse(host.context.store.latestInstant() ?? '')).toBe(Date.parse(clock.now()));
    await agent.observeAndJudge();
    expect(brake()).toBe('lease-expired');
    expect(host.context.store.getTraffic('mnist')?.traffic.candidatePercent).toBe(0);
  });

  test('by no more than a time server evens out leaves the lease to the next agent', async () => {
    await pass(MINUTE_MS);
    machine.ahead -= JUMP_MS;
    clock.adopt();
    moveOutOfFuture({ clock, store: host.context.store, log: host.context.log });
    await agent.observeAndJudge();
    expect(brake()).toBeUndefined();
  });
});

describe.skipIf(!HAS_TOOLCHAIN)('a serving host whose clock jumps', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ty-clock-'));
  const jumpFile = join(folder, 'ms');
  const setClock = (ms: number) => writeFileSync(jumpFile, String(ms));
  let agent: RunningAgent;
  let client: SteadyClient;

  beforeAll(async () => {
    setClock(0);
    const preload = `NODE_OPTIONS=--import=${resolve('test/agent/support/jumping-clock.mjs')}`;
    const enter = ['env', preload, `CLOCK_JUMP_FILE=${jumpFile}`];
    agent = await startAgent({}, { ...THIS_MACHINE, enter });
    for (const version of ['1', '2']) {
      expect(await deployVersion(agent, { version })).toMatchObject({ state: 'ready' });
    }
    await shift(agent, { stable: '1', candidatePercent: 0, shadow: false });
    client = startSteadyClient(agent.predictions);
  }, 180_000);
  afterAll(async () => {
    await client?.stop();
    await agent?.down();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  const canary = (rollout: string, leaseSeconds: number) =>
    shift(agent, {
      stable: '1',
      candidate: '2',
      candidatePercent: 50,
      shadow: false,
      lease: leaseOf(rollout, leaseSeconds),
    });
  const brake = async () => (await agent.client.getTraffic(MODEL))?.brake?.code;

  test('goes on with its canary, and counts every second once', async () => {
    await canary('jumps', 600);
    for (const ms of [-HOUR_MS, HOUR_MS, 0]) {
      setClock(ms);
      const before = (await agent.client.observations(MODEL, 'jumps', 0)).length;
      const rows = await waitFor(async () => {
        const found = await agent.client.observations(MODEL, 'jumps', 0);
        return found.length > before + 3 ? found : undefined;
      }, 'observations');
      expect(rows.every((row) => row.seconds < 60)).toBe(true);
    }
    setClock(HOUR_MS);
    expect(await agent.client.state()).toMatchObject({ warnings: [{ code: 'clock-jumped' }] });
    setClock(0);
    expect(agent.log()).toContain('clock-jumped');
    expect((await agent.client.state()).warnings).toBeUndefined();
    expect(await brake()).toBeUndefined();
  });

  test('returns to the champion when deploy falls silent, though its clock was set back', async () => {
    await canary('silent', 1);
    setClock(-HOUR_MS);
    expect(await waitFor(brake, 'the lease to end')).toBe('lease-expired');
  });

  test('does so too when its agent died and came back on the other time', async () => {
    await canary('reborn', 2);
    await agent.kill('SIGKILL');
    setClock(-24 * HOUR_MS);
    await agent.start();
    expect(await waitFor(brake, 'the lease to end')).toBe('lease-expired');
  });

  test('and every request was answered all the while', async () => {
    const answered = client.answered()['1'] ?? 0;
    await waitFor(() => (client.answered()['1'] ?? 0) > answered + 10, 'answers of the champion');
    expect(client.failures()).toEqual([]);
  });
});
