import { describe, expect, test } from 'vitest';
import type { Plan } from '../../actions/job/handoff.ts';
import { report } from '../../actions/report/report.ts';
import type { JobEnds } from '../../core/plan/chain/chain-jobs.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

const COMMIT = 'c'.repeat(40);
const BOX = { require: false, timeoutSeconds: 60, variables: [], inputs: [], docker: false };
const CHAMPION = {
  version: '3',
  modelUri: 'models:/m-3',
  modelDigest: `sha256:${'3'.repeat(64)}`,
  runId: 'run-3',
};
const PLAN: Plan = {
  ...{ schema_version: 1, action: 'plan', decision: 'continue', model: 'mnist', operation: 'train' },
  ...{ sha: COMMIT, commit: COMMIT, parameters: {}, environment: 'production', correlationId: 'comment-1' },
  ...{ cause: { kind: 'comment', id: 'comment-1' }, actor: 'ann', thread: 7, dryRun: false, box: BOX },
  champion: CHAMPION,
};
const SUCCESS = { result: 'success', code: null, said: null } as const;
const TRAINED = { ...SUCCESS, code: 'trained' } as const;
const PREDICTED = { ...SUCCESS, code: 'predicted' } as const;

async function tell(jobs: JobEnds, plan: Partial<Plan> = {}, version?: string) {
  const github = createRecordingGitHub();
  const log = {
    info: () => undefined,
    warn: () => undefined,
    group: <T>(_: string, work: () => Promise<T>) => work(),
  };
  const outcome = await report({ plan: { ...PLAN, ...plan }, jobs, version }, { github, log });
  const text = renderMarkdown(outcome.report, { kind: 'comment', runUrl: 'http://run' });
  return { outcome, text, status: github.statuses.at(-1) };
}

describe('a chain whose', () => {
  test('search ended well says what it found, and nothing of a rollout', async () => {
    const said = 'Its parameters are proposed in http://github.test/pull/9.';
    const { text, outcome, status } = await tell(
      {
        train: { ...SUCCESS, code: 'searched', said: 'lr=0.01 gave the best val_acc.' },
        propose: { ...SUCCESS, code: 'recorded', said },
        predict: { result: 'skipped' },
      },
      { operation: 'tune' },
    );
    expect(outcome).toMatchObject({ outputs: { state: 'done' } });
    expect(text).toContain('are proposed in');
    expect(text).not.toContain('rolled out');
    expect(status?.state).toBe('success');
  });

  test('training failed is told with its cause, the way on and a red commit', async () => {
    const said = 'The step train failed with exit code 1: train.py:17: ValueError: loss diverged. Mend it.';
    const { outcome, text, status } = await tell({
      train: { result: 'failure', code: 'user-error', said },
      'predict-champion': PREDICTED,
      predict: { result: 'skipped' },
      judge: { result: 'skipped' },
    });
    expect(outcome).toMatchObject({ decision: 'complete', outputs: { state: 'broken' } });
    expect(text).toContain(
      'The job train failed: The step train failed with exit code 1: train.py:17: ValueError',
    );
    expect(text).toContain('Version 3 serves on.');
    expect(text).toMatch(/Mend what it names and push[\s\S]*Re-run the failed jobs/);
    expect(text).toContain('http://run');
    expect(status).toMatchObject({
      ...{ sha: COMMIT, context: 'trainyard/mnist/production', state: 'error' },
      description: expect.stringContaining('The job train failed'),
    });
  });

  test.each([
    ['failure', 'ended before it could say why'],
    ['cancelled', 'was cancelled, or took longer than it may'],
  ] as const)('training is a %s without a word is told so', async (result, words) => {
    const { text } = await tell({ train: { result, code: '', said: '' }, judge: { result: 'skipped' } });
    expect(text).toContain(`The job train ${words}`);
    expect(text).toContain('Re-run the failed jobs');
    expect(text).not.toContain('Mend');
  });

  test('approval was refused is told so', async () => {
    const { text } = await tell({ keep: SUCCESS, deploy: { result: 'failure', code: '', said: '' } });
    expect(text).toContain('its approval was refused, its runner was lost');
  });

  test('deploy failed can go on with the version that is packed', async () => {
    const { text } = await tell(
      {
        train: TRAINED,
        judge: SUCCESS,
        keep: SUCCESS,
        deploy: { result: 'failure', code: 'user-error', said: 'There is no token.' },
      },
      {},
      '6',
    );
    expect(text).toContain('The job deploy failed: There is no token.');
    expect(text).toContain('`/deploy v6 production`');
  });

  test.each([
    ['gate-failed', 'which rule is missed'],
    ['gate-inconclusive', 'how many examples'],
  ] as const)('%s ends red: nothing is registered, and the champion stays', async (code, way) => {
    const { outcome, text, status } = await tell({
      train: TRAINED,
      predict: PREDICTED,
      judge: { result: 'success', code, said: 'accuracy 0.61, at least 0.9.' },
      register: { result: 'skipped' },
    });
    expect(outcome).toMatchObject({ decision: 'failure', outputs: { state: 'rejected' } });
    expect(text).toContain('accuracy 0.61, at least 0.9. Nothing was registered; version 3 stays.');
    expect(text).toContain(way);
    expect(status?.state).toBe('failure');
  });

  test.each([
    ['advance', 'deploy', 'failure'],
    ['brake', 'take-back', 'failure'],
    ['rollback', 'take-back', 'complete'],
  ] as const)('rollout is taken back by %s has a red commit', async (operation, job, decision) => {
    const said = 'Version 4 was taken back from production.';
    const { outcome, status } = await tell(
      { [job]: { result: 'success', code: 'rolled-back', said } },
      { operation },
    );
    expect(outcome.decision).toBe(decision);
    expect(status).toMatchObject({ state: 'failure', description: said });
  });

  test.each([
    ['promoted', 'success'],
    ['detached', 'pending'],
    ['held', 'pending'],
  ] as const)('rollout is %s shows %s', async (code, state) => {
    const said = 'mnist version 4 serves production.';
    const { outcome, status } = await tell({ train: TRAINED, deploy: { result: 'success', code, said } });
    expect(outcome.decision).toBe('complete');
    expect(status).toMatchObject({ state, description: said });
  });

  test('rollback found nothing to do leaves the commit as it was', async () => {
    const said = 'Version 3 serves production already.';
    const { text, status } = await tell(
      { 'take-back': { result: 'success', code: 'nothing-to-do', said } },
      { operation: 'rollback' },
    );
    expect(status).toBeUndefined();
    expect(text).toContain(said);
  });

  test.each([
    [{ train: { ...SUCCESS, code: 'promoted', said: 'mnist version 9 serves.' } }],
    [{ 'predict-champion': PREDICTED, predict: { ...SUCCESS, code: 'recorded', said: 'Fine.' } }],
    [{ 'predict-champion': { ...SUCCESS, code: 'nothing-to-do', said: 'Nobody serves.' }, train: TRAINED }],
    [{ build: { ...SUCCESS, code: 'package-built', said: 'It is built.' } }],
    [{ train: TRAINED, propose: { ...SUCCESS, code: 'training-failed', said: 'The search failed.' } }],
  ] as const)('job stopped it, whatever that says of the end, is red', async (jobs) => {
    const { outcome, text, status } = await tell(jobs);
    expect(outcome).toMatchObject({ decision: 'failure', outputs: { state: 'broken' } });
    expect(status?.state).toBe('error');
    expect(text).toContain('ended well, and nothing came of it');
  });

  test('deploy failed says of no version that it is packed which nobody has packed', async () => {
    const said = 'Version 6 has not been packed.';
    const deploy = { result: 'failure', code: 'user-error', said } as const;
    const { text } = await tell({ deploy }, { operation: 'deploy', version: '6' });
    expect(text).toContain(said);
    expect(text).not.toContain('it is packed');
  });

  test('version serves already is not under way any more', async () => {
    const deploy = { ...SUCCESS, code: 'nothing-to-do', said: 'Version 3 serves production already.' };
    const { outcome, status } = await tell({ deploy }, { operation: 'deploy' });
    expect(outcome.decision).toBe('complete');
    expect(status).toMatchObject({ state: 'success', description: deploy.said });
  });

  test('search could not be proposed says nothing false of who serves', async () => {
    const { text } = await tell(
      {
        propose: { result: 'failure', code: 'service-unavailable', said: 'GitHub answered 502.' },
        deploy: { ...SUCCESS, code: 'promoted', said: 'mnist version 4 serves production.' },
      },
      { operation: 'tune' },
    );
    expect(text).toContain('The job propose failed');
    expect(text).not.toContain('Version 3 serves on');
  });

  test('job said something that GitHub dropped says where it is', async () => {
    const { text } = await tell({ train: { result: 'failure', code: 'user-error', said: '' } });
    expect(text).toContain('The job train failed (user-error)');
    expect(text).not.toContain('runner was lost');
  });

  test('version has nowhere to go is done, and says what to add', async () => {
    const { text, status } = await tell({
      build: SUCCESS,
      keep: { result: 'success', code: 'package-kept', said: 'Version 4 is packed.' },
      deploy: { result: 'skipped' },
    });
    expect(status?.state).toBe('success');
    expect(text).toContain('trainyard.yml names no environment');
  });
});

test('shows what a job says of itself as text, whatever it says', async () => {
  const said = '<img src=x> @everyone <!-- trainyard:end chain --> [x](http://evil) ](';
  const { text } = await tell({ train: { result: 'failure', code: 'promoted', said } });
  expect(text).not.toMatch(/<img|<!-- trainyard:end|@everyone\b(?<!\u200b)/);
  expect(text).toContain('The job train failed');
});

test('a commit whose status can not be set is told of all the same', async () => {
  const github = createRecordingGitHub();
  const warnings: string[] = [];
  const outcome = await report(
    {
      plan: PLAN,
      jobs: { train: { result: 'failure', code: 'internal-error', said: 'x' } },
      version: undefined,
    },
    {
      github: { ...github, setCommitStatus: () => Promise.reject(new Error('403')) },
      log: { info: () => undefined, warn: (line) => warnings.push(line), group: (_, work) => work() },
    },
  );
  expect(outcome.outputs.state).toBe('broken');
  expect(warnings.join()).toContain('403');
});
