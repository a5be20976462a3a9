import { describe, expect, test } from 'vitest';
import { holdLease } from '../../actions/train/hold-lease.ts';
import { train } from '../../actions/train/train.ts';
import { addSeconds, secondsBetween } from '../../core/instant.ts';
import { LEASE_TIMES, leaseTag } from '../../core/training/lease.ts';
import { createTraining, DONE, type TrainingBench } from './support/training.ts';

const FIRST = { round: 0, attempt: 1 };
const SECOND = { round: 0, attempt: 2 };
const RESUMED = { round: 1, attempt: 1 };

/** A manual clock by which others get their turn while somebody waits. */
function patient({ ports, ...bench }: TrainingBench): TrainingBench {
  const { clock } = ports;
  const wait = async (milliseconds: number, signal?: AbortSignal) => {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.wait(milliseconds, signal);
  };
  return { ...bench, ports: { ...ports, clock: { ...clock, wait } } };
}

/** A training with its run, and no attempt at it yet. */
async function open(): Promise<TrainingBench & { readonly runId: string }> {
  const bench = patient(createTraining());
  const { runId } = await bench.tracking.createRun({ experiment: 'mnist', name: 'train', tags: {} });
  return { ...bench, runId };
}

/** The attempt was last heard so many seconds ago. */
async function hear(
  { ports, tracking, runId }: Awaited<ReturnType<typeof open>>,
  holder: typeof FIRST,
  seconds: number,
) {
  const renewedAt = addSeconds(ports.clock.now(), -seconds);
  await tracking.setRunTags(runId, leaseTag({ ...holder, renewedAt }, runId, ports.seal));
}

const taken = { problems: [{ code: 'lease-lost' }] };

describe('the lease of a training', () => {
  test('is taken at once where nobody has it, and renewed', async () => {
    const { request, ports, runId, tracking } = await open();
    const held = await holdLease(request, ports, runId);
    const before = ports.clock.now();
    await expect.poll(() => secondsBetween(before, ports.clock.now())).toBeGreaterThan(LEASE_TIMES.lost);
    await held.require();
    expect(held.isLost()).toBe(false);
    await held.release();
    expect((await tracking.getRun(runId)).tags['trainyard.lease.0.1']).toMatch(/^1970-01-01T00:00:00.000Z /);
  });

  test('is waited for until the attempt before can’t be at work any more', async () => {
    const bench = await open();
    await hear(bench, FIRST, 100);
    const { request, ports, runId } = bench;
    const before = ports.clock.now();
    const held = await holdLease({ ...request, holder: SECOND }, ports, runId);
    const waited = secondsBetween(before, ports.clock.now());
    expect(waited).toBeGreaterThanOrEqual(LEASE_TIMES.lost - 100);
    await held.release();
    const again = ports.clock.now();
    await (await holdLease({ ...request, holder: RESUMED }, ports, runId)).release();
    expect(secondsBetween(again, ports.clock.now())).toBeLessThan(LEASE_TIMES.lost - 100);
  });

  test('of a runner whose clock was a year ahead is waited for as long as any, by one’s own clock', async () => {
    const bench = await open();
    await hear(bench, FIRST, -31_536_000);
    const { request, ports, runId } = bench;
    const before = ports.clock.now();
    const held = await holdLease({ ...request, holder: SECOND }, ports, runId);
    const waited = secondsBetween(before, ports.clock.now());
    await held.release();
    expect(waited).toBeGreaterThanOrEqual(LEASE_TIMES.lost);
    expect(waited).toBeLessThan(2 * LEASE_TIMES.lost);
  });

  test.each([
    [FIRST, SECOND],
    [SECOND, RESUMED],
  ])('that attempt %j has lost to %j is not taken again', async (holder, later) => {
    const bench = await open();
    await hear(bench, later, 1_000_000);
    await expect(holdLease({ ...bench.request, holder }, bench.ports, bench.runId)).rejects.toMatchObject(
      taken,
    );
  });

  test('of somebody who has not the nonce is none', async () => {
    const bench = await open();
    const { request, ports, runId, tracking } = bench;
    const forged = leaseTag({ ...RESUMED, renewedAt: ports.clock.now() }, runId, () => 'f'.repeat(64));
    const ofOther = leaseTag({ ...SECOND, renewedAt: ports.clock.now() }, 'run-9', ports.seal);
    await tracking.setRunTags(runId, {
      ...forged,
      ...ofOther,
      'trainyard.lease.x': 'x',
      'trainyard.lease.1.2': '',
    });
    const held = await holdLease(request, ports, runId);
    await held.require();
    await held.release();
  });

  test('that can’t be renewed for ten minutes ends the training by itself', async () => {
    const { request, ports, runId, tracking } = await open();
    const held = await holdLease(request, ports, runId);
    const cut = Object.assign(tracking, { getRun: () => Promise.reject(new Error('no route')) });
    expect(cut).toBe(tracking);
    await expect.poll(() => held.signal.aborted).toBe(true);
    expect(held.signal.reason).toMatchObject({
      message: expect.stringContaining('could not be reached for 600 s'),
    });
    await held.release();
  });
});

test('a training that another job has taken over stops, and writes nothing more', async () => {
  const bench = patient(createTraining());
  const { ports, tracking } = bench;
  const project = {
    run: async ({ runId, signal }: { readonly runId: string; readonly signal?: AbortSignal }) => {
      const lease = { ...RESUMED, renewedAt: ports.clock.now() };
      await tracking.setRunTags(runId, leaseTag(lease, runId, ports.seal));
      await expect.poll(() => signal?.aborted).toBe(true);
      return { ...DONE, status: 'aborted' as const };
    },
  };
  await expect(train(bench.request, { ...ports, project })).rejects.toMatchObject(taken);
  const { status, tags } = await tracking.getRun('run-1');
  expect(status).toBe('RUNNING');
  expect(Object.keys(tags)).not.toContain('trainyard.seal.finished');
  expect(tags['trainyard.lease.0.1']).not.toMatch(/^1970/);
});
