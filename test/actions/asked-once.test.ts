import { describe, expect, test, vi } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { plan } from '../../actions/plan/plan.ts';
import { verifyDispatch } from '../../adapters/dispatch-signature.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { championEvents, contextOf, versionEvents } from './support/deployment.ts';
import { plannedCode } from './support/dispatch-attack.ts';
import { monitorBench, SECRET } from './support/monitor-bench.ts';
import { bench } from './support/plan-bench.ts';
import type { RecordingGitHub } from './support/recording-github.ts';

const HOUR_MS = 3_600_000;
type Sent = RecordingGitHub['dispatches'][number];

/** A stale champion, the monitor that looks at it, and the plan that its dispatches lead to. */
function openRepository() {
  const { world, github, monitoring } = monitorBench(60);
  const deliver = async (sent: Sent | undefined): Promise<unknown> => {
    const event = { action: sent?.type, client_payload: sent?.payload };
    const { request, ports } = bench(event, 'repository_dispatch');
    const { config } = monitoring.request;
    const verifySignature = (...told: Parameters<typeof request.verifySignature>) =>
      verifyDispatch(SECRET, ...told);
    const { ledger, clock } = world;
    return plannedCode(plan({ ...request, config, verifySignature }, { ...ports, ledger, clock }));
  };
  const trainings = () => world.ledger.kinds().filter((kind) => kind === 'training.requested').length;
  return { world, github, deliver, trainings, check: () => monitorCheck(monitoring) };
}

describe('one training comes of a champion grown old', () => {
  test('when GitHub takes no dispatch for an hour: each check asks for the same one again', async () => {
    const { world, github, deliver, trainings, check } = openRepository();
    const { dispatch } = github;
    const refused = vi.spyOn(github, 'dispatch').mockRejectedValue(new Error('GitHub answered 503.'));
    for (let checks = 0; checks < 4; checks += 1) {
      await expect(check()).rejects.toThrow('503');
      await world.clock.wait(HOUR_MS / 4);
    }
    refused.mockImplementation(dispatch);
    await check();
    const asked = refused.mock.calls.map(([, payload]) => payload.id);
    expect(new Set(asked)).toEqual(new Set(['retrain-1-v1-production-mnist']));
    expect(asked).toHaveLength(5);
    expect(await deliver(github.dispatches[0])).toBe('train');
    expect((await check()).outputs['action']).toBe('none');
    expect(trainings()).toBe(1);
  });

  test('when its dispatch is lost: the next check asks again', async () => {
    const { github, deliver, trainings, check } = openRepository();
    await check();
    await check();
    expect(await deliver(github.dispatches[1])).toBe('train');
    expect(trainings()).toBe(1);
  });

  test('when its dispatch comes twice', async () => {
    const { github, deliver, trainings, check } = openRepository();
    await check();
    expect(await deliver(github.dispatches[0])).toBe('train');
    expect(await deliver(github.dispatches[0])).toBe('replayed');
    expect(trainings()).toBe(1);
  });

  test('when the first of two dispatches comes long after the second, and what came of it serves', async () => {
    const { world, github, deliver, trainings, check } = openRepository();
    await check();
    await world.clock.wait(HOUR_MS);
    await check();
    const [early, late] = github.dispatches;
    expect(await deliver(late)).toBe('train');
    const done = { runId: 'run-2', status: 'finished' } as const;
    const context = {
      ...contextOf('trained'),
      cause: { kind: 'dispatch', id: late?.payload.id ?? '' },
    } as const;
    world.ledger.events.push(createEvent(context, 'training.finished', done));
    world.ledger.events.push(...versionEvents('2'), ...championEvents('2', '1'));
    await world.clock.wait(HOUR_MS);
    expect(await deliver(early)).toBe('replayed');
    expect(trainings()).toBe(1);
  });
});
