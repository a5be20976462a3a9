import { describe, expect, test } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { plan } from '../../actions/plan/plan.ts';
import { signDispatch } from '../../adapters/dispatch-signature.ts';
import { createSeal } from '../../adapters/seal.ts';
import { addSeconds } from '../../core/instant.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { LEASE_TIMES, leaseTag } from '../../core/training/lease.ts';
import { bench, comment, handOff } from './support/plan-bench.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

const NONCE = 'n'.repeat(64);
const seal = createSeal(NONCE);
const DAY = 86_400;

/** A training that a person asked for two hours ago, and its run, whose holder was last heard so many seconds ago. */
async function world(
  heardSecondsAgo: number,
  {
    nonce = NONCE,
    status = 'RUNNING',
    operation = 'train',
    step = 'train',
  }: Partial<Readonly<{ nonce: string; status: 'RUNNING'; operation: 'train' | 'tune'; step: string }>> = {},
) {
  const planned = bench(comment('/status'));
  const { world, ports } = planned;
  const { tracking, clock, ledger } = world;
  const cause = { kind: 'comment', id: 'comment-9' } as const;
  const { author } = world.job({}).request;
  const at = addSeconds(clock.now(), -7_200);
  const asked = { operation, sha: 'a'.repeat(40), parameters: { lr: 0.1 }, pullRequest: 7 };
  ledger.events.push(
    createEvent({ ...author, actor: 'ada', cause, at }, 'training.requested', {
      ...{ ...asked, nonce, environment: 'production' },
    }),
  );
  const tags = { 'trainyard.correlation-id': 'comment-9', 'trainyard.step': step };
  const { runId } = await tracking.createRun({ experiment: 'mnist', name: step, tags });
  tracking.runs.set(runId, { ...(await tracking.getRun(runId)), status });
  const hold = (round: number, seconds: number) => {
    const lease = { round, attempt: 1, renewedAt: addSeconds(clock.now(), -seconds) };
    return tracking.setRunTags(runId, leaseTag(lease, runId, seal));
  };
  await hold(0, heardSecondsAgo);
  /** The monitor's cron; gives what it has asked for. */
  const check = async () => {
    const github = createRecordingGitHub();
    const { request, ports: own } = world.job({});
    const { config, environmentName, environment } = request;
    await monitorCheck({
      request: { config, environmentName, environment, author, runUrl: 'http://run' },
      ports: {
        ...{ ...own, tracking, agents: world.agents, github },
        sign: (type, payload) => signDispatch('a secret', type, payload),
      },
    });
    return github.dispatches.filter(({ type }) => type === 'trainyard.retrain');
  };
  /** The plan job that hears such a dispatch. */
  const hear = (payload: unknown, attempt = 1, run = planned.request.workflow.run) => {
    const event = { action: 'trainyard.retrain', client_payload: payload };
    const workflow = { ...planned.request.workflow, attempt, run };
    const asked = { eventName: 'repository_dispatch', payload: event, attempt, workflow, runId: run };
    const request = { ...planned.request, ...asked };
    return { request, plan: () => plan(request, ports), handOff: () => handOff(request, ports) };
  };
  return { ...planned, clock, ledger, check, hear, hold };
}

describe('a training whose job is not heard any more', () => {
  test('is taken up while it searches, too, and is a search again', async () => {
    const { check, hear } = await world(LEASE_TIMES.lost, { operation: 'tune', step: 'search' });
    const [asked] = await check();
    expect(await hear(asked?.payload).handOff()).toMatchObject({
      ...{ operation: 'tune', correlationId: 'comment-9', round: 1, nonce: NONCE },
    });
    const heard = await world(LEASE_TIMES.lost - 60, { operation: 'tune', step: 'search' });
    expect(await heard.check()).toEqual([]);
  });

  test('is taken up once: same commit, parameters, cause and nonce, one round later', async () => {
    const { check, hear, ledger } = await world(LEASE_TIMES.lost);
    const [asked] = await check();
    expect(asked?.payload).toMatchObject({ body: { resume: 'comment-9', round: 1 } });
    // Not recorded yet: it is asked for again, by the same id.
    expect((await check())[0]?.payload).toMatchObject({ id: asked?.payload.id });
    expect(await hear(asked?.payload).handOff()).toMatchObject({
      ...{ operation: 'train', sha: 'a'.repeat(40), parameters: { lr: 0.1 }, correlationId: 'comment-9' },
      ...{ cause: { kind: 'comment', id: 'comment-9' }, actor: 'ada', thread: 7, round: 1, nonce: NONCE },
      environment: 'production',
    });
    expect(ledger.kinds().at(-1)).toBe('training.resumed');
    expect(await hear(asked?.payload).plan()).toMatchObject({ result: { code: 'replayed' } });
    expect(await hear(asked?.payload, 2).handOff()).toMatchObject({ round: 1 });
    // Another run that was ignored, and is run again, would hold the training under the same number.
    expect(await hear(asked?.payload, 2, '4711').plan()).toMatchObject({ result: { code: 'replayed' } });
    const { round: _round, ...body } = { resume: 'comment-9', round: 1 };
    const more = { ...asked?.payload, id: 'resume-2-x', body: { ...body, round: 2 } };
    expect(await hear(more).plan()).toMatchObject({ result: { code: 'replayed' } });
    expect(await check()).toEqual([]);
  });

  test('is closed when the job that took it up was lost too', async () => {
    const { check, hear, hold, ledger, clock } = await world(LEASE_TIMES.lost);
    const [asked] = await check();
    await hear(asked?.payload).plan();
    await hold(1, 1);
    expect(await check()).toEqual([]);
    expect((await ledger.read('mnist')).trainings['comment-9']?.status).toBe('requested');
    await clock.wait(LEASE_TIMES.lost * 1_000);
    expect(await check()).toEqual([]);
    expect((await ledger.read('mnist')).trainings['comment-9']).toMatchObject({
      status: 'failed',
      message: expect.stringContaining('was lost again'),
    });
    expect(await hear({ ...asked?.payload, id: 'resume-again' }).plan()).toMatchObject({
      result: { code: 'training-over' },
    });
  });

  test('is closed when the job that was asked for has not begun within a day', async () => {
    const { check, hear, ledger, clock } = await world(LEASE_TIMES.lost);
    const [asked] = await check();
    await hear(asked?.payload).plan();
    await clock.wait((DAY + 1) * 1_000);
    await check();
    const { trainings } = await ledger.read('mnist');
    expect(trainings['comment-9']?.message).toContain('has never begun');
  });

  test.each([
    ['was heard just before', LEASE_TIMES.lost - 1, {}],
    ['has sealed its lease with another nonce', LEASE_TIMES.lost, { nonce: 'o'.repeat(64) }],
  ] as const)('is left alone while it %s', async (_, seconds, options) => {
    const { check } = await world(seconds, options);
    expect(await check()).toEqual([]);
  });
});
