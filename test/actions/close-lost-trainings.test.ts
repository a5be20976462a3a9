import { describe, expect, test } from 'vitest';
import { closeLostTrainings } from '../../actions/monitor-check/close-lost-trainings.ts';
import { addSeconds } from '../../core/instant.ts';
import { createEvent } from '../../core/ledger/create-event.ts';
import { TAGS } from '../../core/names.ts';
import { answerStatus } from '../../core/plan/answers/answer-status.ts';
import type { RunStatus } from '../../core/ports.ts';
import { renderPlain } from '../../core/report/render-plain.ts';
import { createWorld } from './support/deployment.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

const HOUR = 3_600;

/** A training that was asked for, with a run that stands so since then; looked at now. */
async function look(
  status: RunStatus | undefined,
  endedSecondsAgo: number,
  { meanwhile, ended }: { meanwhile?: 'training.resumed' | 'training.finished'; ended?: string | Error } = {},
) {
  const world = createWorld([]);
  const { request, ports } = world.job({});
  const { author, config, environment, environmentName } = request;
  const cause = { kind: 'push', id: 'push-1', url: 'https://github.test/compare' } as const;
  const at = addSeconds(world.clock.now(), -2 * HOUR);
  const asked = { operation: 'train' as const, sha: 'a'.repeat(40), parameters: {} };
  world.ledger.events.push(createEvent({ ...author, cause, at }, 'training.requested', asked));
  if (status !== undefined) {
    const tags = { [TAGS.correlation]: 'push-1', [TAGS.step]: 'train' };
    const run = await world.tracking.createRun({ experiment: 'mnist', name: 'train', tags });
    const endedAt = addSeconds(world.clock.now(), -endedSecondsAgo);
    world.tracking.runs.set(run.runId, { ...run, status, ...(status !== 'RUNNING' && { endedAt }) });
  }
  const recording = createRecordingGitHub();
  const { run } = author.workflow;
  if (typeof ended === 'string') recording.conclusions.set(run, ended);
  const refusing = { ...recording, conclusionOf: () => Promise.reject(ended) };
  const github = ended instanceof Error ? refusing : recording;
  const monitoring = {
    request: { config, environment, environmentName, author, runUrl: 'http://run' },
    ports: {
      ...{ ...ports, tracking: world.tracking, agents: world.agents, github },
      sign: () => undefined,
    },
  };
  const seen = await world.ledger.read('mnist');
  const context = { ...author, cause, at: world.clock.now() };
  if (meanwhile === 'training.resumed')
    world.ledger.events.push(createEvent(context, meanwhile, { round: 1 }, 1));
  if (meanwhile === 'training.finished')
    world.ledger.events.push(createEvent(context, meanwhile, { runId: 'run-1', status: 'finished' }));
  const state = await closeLostTrainings(monitoring, seen);
  return {
    training: state.trainings['push-1'],
    status: renderPlain(
      answerStatus(config, state, { environment: undefined, now: world.clock.now(), runsUrl: 'http://runs' }),
    ).join('\n'),
    run,
  };
}

test('a search that was lost is closed, and the next one may begin', async () => {
  const world = createWorld([]);
  const { request, ports } = world.job({});
  const { author, config, environment, environmentName } = request;
  const cause = { kind: 'comment', id: 'comment-1' } as const;
  const context = { ...author, cause, at: addSeconds(world.clock.now(), -2 * HOUR) };
  const asked = { operation: 'tune' as const, sha: 'a'.repeat(40), parameters: {} };
  const expiresAt = addSeconds(world.clock.now(), 48 * HOUR);
  const held = { lock: 'search', holder: 'comment-1', expiresAt } as const;
  world.ledger.events.push(
    createEvent(context, 'training.requested', asked),
    createEvent(context, 'lock.acquired', held, 'comment-1'),
  );
  const tags = { [TAGS.correlation]: 'comment-1', [TAGS.step]: 'search' };
  const run = await world.tracking.createRun({ experiment: 'mnist', name: 'search', tags });
  world.tracking.runs.set(run.runId, { ...run, status: 'FAILED' });
  const own = { ...ports, tracking: world.tracking, agents: world.agents, github: createRecordingGitHub() };
  const state = await closeLostTrainings(
    {
      request: { config, environment, environmentName, author, runUrl: 'http://run' },
      ports: { ...own, sign: () => undefined },
    },
    await world.ledger.read('mnist'),
  );
  expect(state.trainings['comment-1']).toMatchObject({ status: 'failed' });
  expect(state.locks).toEqual({});
});

describe('a training that nobody has said the end of', () => {
  test.each([
    ['FINISHED', 35 * HOUR + 1, 'failed', 'a job after the training failed'],
    ['FAILED', 1, 'failed', 'is FAILED'],
    ['KILLED', 1, 'failed', 'is KILLED'],
  ] as const)('whose run is %s for %d s is closed, and /status says why', async (run, since, end, words) => {
    const { training, status, ...its } = await look(run, since);
    expect(training).toMatchObject({ status: end, message: expect.stringContaining(words) });
    expect(status).toContain(words);
    expect(status).toContain('https://github.test/compare');
    expect(status).toContain(`http://runs/${its.run}`);
  });

  test.each([
    ['FINISHED', 'failure', 'nothing has judged it since'],
    ['FINISHED', 'cancelled', 'nothing has judged it since'],
    [undefined, 'failure', 'it never began, and its workflow run is over: failure'],
  ] as const)(
    'whose run is %s is closed as soon as its workflow run is over: %s',
    async (run, ended, words) => {
      const { training, status } = await look(run, 60, { ended });
      expect(training).toMatchObject({ status: 'failed', message: expect.stringContaining(words) });
      expect(status).toContain(words);
    },
  );

  test('whose run goes on is left to its lease, though its workflow run is over: it is taken up again', async () => {
    const { training } = await look('RUNNING', 0, { ended: 'failure' });
    expect(training).toMatchObject({ status: 'requested' });
  });

  test('stays open where GitHub does not say whether its workflow run is over', async () => {
    const { training } = await look('FINISHED', 5 * HOUR, { ended: new Error('403') });
    expect(training).toMatchObject({ status: 'requested' });
  });

  test.each([
    ['FINISHED', 5 * HOUR],
    ['FINISHED', 35 * HOUR - 1],
    ['RUNNING', 0],
    [undefined, 0],
  ] as const)('whose run is %s for %d s stays open: it may be judged yet', async (run, since) => {
    const { training, status } = await look(run, since);
    expect(training).toMatchObject({ status: 'requested' });
    expect(status).not.toContain('failed');
  });
});

test.each([
  ['training.resumed', 'requested'],
  ['training.finished', 'finished'],
] as const)('a training of which %s was written meanwhile is not closed', async (meanwhile, status) => {
  const { training } = await look('FAILED', 60, { meanwhile });
  expect(training?.status).toBe(status);
});
