import { appendFileSync, globSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { systemClock } from '../../adapters/clock.ts';
import { createMlflow } from '../../adapters/mlflow/tracking.ts';
import { RUN_ARTIFACTS, TAGS } from '../../core/names.ts';
import type { Tracking } from '../../core/ports.ts';
import { describeParameters } from '../../core/search/describe-progress.ts';
import { HAS_TOOLCHAIN, ROOT, venvProgram } from '../../sandbox/checkout.ts';
import type { Files } from '../../sandbox/github/git-remote.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { type MlflowServer, startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import type { JobEnd } from '../fleet/support/run-action.ts';
import { type BuiltJobs, judgeFirst, resultOf, startBuiltJobs } from './support/built-jobs.ts';

const PROJECT = path.join(ROOT, 'test', 'fixtures', 'projects', 'churn');
const PAGE = readFileSync(path.join(ROOT, 'docs', 'how-to', 'two-pipelines.md'), 'utf8');
const CONFIGURATION = blockOf('trainyard.yml');
const MODEL = 'churn';
const BRANCH = 'search';
const MONTHS = ['2026-01', '2026-02', '2026-03', '2026-04'];
const ROWS_A_MONTH = 150;
const python = venvProgram('python');
const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-production-'));

const splitSchema = z.record(
  z.enum(['learned', 'kept']),
  z.object({
    id: z.array(z.string()),
    month: z.array(z.string()),
    customer: z.array(z.string()),
  }),
);
const planSchema = z.object({ sha: z.string(), policySha: z.string(), correlationId: z.string() });
const searchedSchema = z.object({
  search: z.object({
    study: z.string(),
    runId: z.string(),
    dataDigest: z.string(),
    resultDigest: z.string(),
    best: z.object({
      trial: z.number(),
      runId: z.string(),
      parameters: z.object({ lr: z.number() }),
    }),
  }),
});
type Searched = z.infer<typeof searchedSchema>['search'];

/** A file that the page shows, as somebody copies it. */
function blockOf(file: string): string {
  return new RegExp(`^# ${file}\\n(?<text>[\\s\\S]*?)^\`\`\`$`, 'm').exec(PAGE)?.groups?.['text'] ?? '';
}

/** Customers of a month; who calls often and pays late leaves. Of three, one comes again every month. */
function month(name: string, seed: number): string {
  const rows = Array.from({ length: ROWS_A_MONTH }, (_, row) => {
    const [calls, late] = [(row * 7 + seed) % 11, (row * 5 + seed) % 4];
    const churned = calls + 3 * late + ((row * 13 + seed) % 5) > 11 ? 1 : 0;
    return `${name}-${row},${name},customer-${row % 3 === 0 ? row : `${name}-${row}`},${calls},${late},${churned}`;
  });
  return ['id,month,customer,calls,late,churned', ...rows, ''].join('\n');
}

const monthFile = (name: string) => `data/months/${name}.csv`;

let server: MlflowServer;
let tracking: Tracking;
let jobs: BuiltJobs;
let pull: number;
let runs = 0;

beforeAll(async () => {
  if (!HAS_TOOLCHAIN) return;
  server = await startMlflow({ python, folder: path.join(folder, 'mlflow'), env: process.env });
  tracking = createMlflow({ uri: server.url }, systemClock);
  const files: Files = {
    ...Object.fromEntries(readdirSync(PROJECT).map((name) => [name, readFileSync(path.join(PROJECT, name))])),
    ...Object.fromEntries(MONTHS.map((name, at) => [monthFile(name), month(name, at)])),
    'split.py': blockOf('split.py'),
    'trainyard.yml': CONFIGURATION,
    'data/holdout.csv': month('2026-05', 5),
  };
  jobs = await startBuiltJobs(folder, files, {
    ...{ PATH: `${path.dirname(python)}:${process.env['PATH']}`, MLFLOW_TRACKING_URI: server.url },
  });
  jobs.sandbox.repository.actionsMayOpenPullRequests = true;
  const opened = { user: 'ada', branch: BRANCH, title: 'Learn faster', files: { 'notes.txt': 'Faster.\n' } };
  pull = jobs.sandbox.openPullRequest(opened).number;
}, 180_000);
afterAll(async () => {
  await jobs?.stop();
  await server?.child.stop();
  discard(folder);
}, 60_000);

/** Plan and train of what a comment in the pull request asks for, each in a job of its own. */
async function ask(comment: string) {
  runs += 1;
  const event = jobs.byComment(pull, comment);
  const plan = resultOf(await jobs.run('plan', {}, { event, runId: runs }));
  const planned = planSchema.parse(JSON.parse(plan));
  const train = await jobs.run('train', { plan, python }, { sha: planned.sha, runId: runs });
  return { plan, planned, train };
}

/** Searches, records what was found, and merges the pull request that proposes it. */
async function search(comment: string): Promise<Searched> {
  const { plan, train } = await ask(comment);
  const training = resultOf(train);
  const proposed = await jobs.run('propose', { plan, training });
  const number = Number(proposed.outputs['pull-request']?.split('/').at(-1));
  const branch = jobs.sandbox.repository.issues.get(number)?.head?.branch;
  const text = jobs.sandbox.remote.show(branch ?? '', 'trainyard.yml');
  expect(text, proposed.log).toContain('share: 1.0');
  push({ 'trainyard.yml': text ?? '' });
  return searchedSchema.parse(JSON.parse(training)).search;
}

function push(files: Files): void {
  jobs.sandbox.push(files, { user: 'ada', message: 'Go on', branch: BRANCH });
}

async function readArtifact(runId: string, name: string): Promise<unknown> {
  const file = path.join(folder, `${runId}-${path.basename(name)}`);
  await tracking.downloadArtifact(runId, name, file);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Who was learned from, and who was kept back. */
const sidesOf = async (runId: string) => splitSchema.parse(await readArtifact(runId, 'split.json'));

/** Predicts, judges and registers, each in a job of its own; gives the version. */
async function goOn({ plan, planned }: Awaited<ReturnType<typeof ask>>, training: string) {
  const judged = await judgeFirst(jobs, { plan, training, python, sha: planned.policySha });
  expect(judged.outputs, judged.log).toMatchObject({ 'reason-code': 'gate-passed' });
  const registered = await jobs.run('register', { plan, 'run-id': JSON.parse(training).runId });
  return z.object({ version: z.string(), modelDigest: z.string() }).parse(JSON.parse(resultOf(registered)));
}

/** What MLflow's registry has as tags of a version. */
async function tagsOfVersion(version: string): Promise<Readonly<Record<string, string>>> {
  const query = new URLSearchParams({ name: MODEL, version });
  const answer = await fetch(`${server.url}/api/2.0/mlflow/model-versions/get?${query}`);
  const tagsSchema = z.array(z.object({ key: z.string(), value: z.string() }));
  const { model_version: found } = z
    .object({ model_version: z.object({ tags: tagsSchema }) })
    .parse(await answer.json());
  return Object.fromEntries(found.tags.map(({ key, value }) => [key, value]));
}

describe.skipIf(!HAS_TOOLCHAIN)(
  'two pipelines, as the page has them, by built jobs and a real MLflow',
  () => {
    let searched: Searched;

    test.each([
      ['seed', ({ kept }: Sides) => expect(new Set(kept.month)).toEqual(new Set(MONTHS))],
      ['group', ({ learned, kept }: Sides) => expect(both(learned.customer, kept.customer)).toEqual([])],
      [
        'time',
        ({ learned, kept }: Sides) =>
          expect([...new Set(learned.month), ...new Set(kept.month)]).toEqual(MONTHS),
      ],
    ])(
      'a search keeps a part back by %s, and compares by it',
      async (by, isSo) => {
        searched = await search(`/tune trials=${by === 'time' ? 2 : 1} split=${by}`);
        const { runId } = searched.best;
        const sides = await sidesOf(runId);
        expect(both(sides.learned.id, sides.kept.id)).toEqual([]);
        const count = MONTHS.length * ROWS_A_MONTH;
        expect(sides.learned.id.length + sides.kept.id.length).toBe(count);
        expect(sides.learned.id.length / count).toBeGreaterThan(0.6);
        expect(sides.learned.id.length / count).toBeLessThan(0.8);
        isSo(sides);
        expect((await tracking.getRun(runId)).metrics['val_log_loss']).toBeGreaterThan(0);
      },
      900_000,
    );

    test('production trains with what was found on all data and a month more, and its version says which study and which data', async () => {
      push({ [monthFile('2026-05')]: month('2026-05', 5) });
      jobs.sandbox.push({ 'data/holdout.csv': month('2026-06', 6) }, { user: 'ada', message: 'Newest days' });
      const asked = await ask('/train --production');
      const training = resultOf(asked.train);
      const { runId, dataDigest } = JSON.parse(training);
      const { learned, kept } = await sidesOf(runId);
      expect(kept.id).toEqual([]);
      expect([...new Set(learned.month)]).toEqual([...MONTHS, '2026-05']);
      const run = await tracking.getRun(runId);
      expect(Number(run.parameters['lr'])).toBe(searched.best.parameters.lr);
      expect(run.metrics).not.toHaveProperty('val_log_loss');

      const { study, runId: searchRun, dataDigest: searchedDigest, resultDigest } = searched;
      const { trial } = searched.best;
      const proof = { study, runId: searchRun, trial, data: 'superset' };
      expect(await readArtifact(runId, RUN_ARTIFACTS.provenance)).toMatchObject({
        pipeline: 'production',
        search: { ...proof, dataDigest: searchedDigest, resultDigest },
        data: { digest: dataDigest },
      });
      const { version } = await goOn(asked, training);
      const tags = await tagsOfVersion(version);
      expect(tags).toMatchObject({ [TAGS.pipeline]: 'production', [TAGS.dataDigest]: dataDigest });
      expect(JSON.parse(tags[TAGS.study] ?? '')).toEqual(proof);
      const state = readLedgerState(jobs.sandbox.remote, MODEL);
      const { correlationId } = asked.planned;
      expect(state.trainings[correlationId]).toMatchObject({ production: true, study: proof, dataDigest });
      expect(tags[TAGS.holdoutDigest]).toBe(state.gates[runId]?.holdoutDigest);
    }, 900_000);

    test('a month that was searched on and reads otherwise now is named, and nothing is trained', async () => {
      push({ [monthFile('2026-02')]: month('2026-02', 9) });
      const before = await countTrained();
      const { train } = await ask('/train --production');
      expectRefused(train, 'data-not-superset', `gone or changed: ${monthFile('2026-02')}`);
      expect(await countTrained()).toBe(before);
      push({ [monthFile('2026-02')]: month('2026-02', 1) });
    }, 300_000);

    test('parameters that no search has found are named beside those that one has', async () => {
      const { train } = await ask('/train --production lr=0.0123');
      const found = describeParameters(searched.best.parameters);
      expectRefused(train, 'not-of-a-search', `found ${found}, and this commit has lr=0.0123`);
      expect(train.log).toContain('this commit has lr=0.0123');
    }, 300_000);

    test('a record of the search that somebody has changed in MLflow proves nothing', async () => {
      const [file = ''] = globSync(`mlflow/artifacts/**/${searched.runId}/**/search.json`, { cwd: folder });
      appendFileSync(path.join(folder, file), '\n');
      const { train } = await ask('/train --production');
      expectRefused(train, 'search-unreadable', 'is not the one that the ledger knows by its digest');
    }, 300_000);
  },
);

type Sides = z.infer<typeof splitSchema>;

/** What is in one and in the other. */
function both(left: readonly string[], right: readonly string[]): readonly string[] {
  return left.filter((one) => new Set(right).has(one));
}

function expectRefused({ outputs }: JobEnd, code: string, said: string): void {
  const { decision, result = '{}' } = outputs;
  const problems = [expect.objectContaining({ code, message: expect.stringContaining(said) })];
  expect({ decision, ...JSON.parse(result) }).toMatchObject({ decision: 'failure', problems });
}

/** Trainings that have come to a model. */
async function countTrained(): Promise<number> {
  const found = await tracking.findRuns(MODEL, { [TAGS.step]: 'train' });
  return found.filter(({ modelUri }) => modelUri !== undefined).length;
}
