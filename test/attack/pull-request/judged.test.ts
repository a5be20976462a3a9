import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { evaluateGate } from '../../../actions/evaluate-gate/evaluate-gate.ts';
import { findCommit, isOfCommit } from '../../../adapters/git/find-commit.ts';
import { readHoldout } from '../../../adapters/holdout/read-holdout.ts';
import { loadConfig } from '../../../adapters/load-config.ts';
import { ROOT } from '../../../sandbox/checkout.ts';
import { answersOf, createGateBench, HELD, TRAINING } from '../../actions/support/gate-bench.ts';
import { showReport } from '../../actions/support/show-report.ts';
import { evaluate } from '../../contract/support/expressions.ts';
import { codeOf } from '../support/code-of.ts';
import { play } from '../support/play.ts';

const EXAMPLES = HELD.ids.map((id, row) => `${id},${HELD.truth.names[row]}`);
const write = (holdout: string, floor: number) => `version: 1
model: mnist
data: { holdout: { path: ${holdout}, target: label, id: id } }
gate: [{ metric: accuracy, floor: ${floor} }]
environments: { production: { hosts: ["http://127.0.0.1:9"], rollout: { stages: [1, 50, 100], alpha: 0.01 } } }
`;
const tableOf = (rows: readonly string[]) => `id,label\n${rows.join('\n')}\n`;

const repository = mkdtempSync(path.join(tmpdir(), 'trainyard-judged-'));
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', repository, '-c', 'user.name=eve', '-c', 'user.email=eve@x', ...args], {
    encoding: 'utf8',
  }).trim();
/** A commit with these files on top of the one that is checked out. */
function commit(files: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(repository, name), text);
  git('add', '--all');
  git('commit', '--quiet', '-m', 'tidy up');
  return git('rev-parse', 'HEAD');
}

let policySha: string;
beforeAll(() => {
  git('init', '--quiet', '-b', 'main');
  mkdirSync(path.join(repository, 'data'));
  policySha = commit({
    'trainyard.yml': write('data/holdout.csv', 0.7),
    'data/holdout.csv': tableOf(EXAMPLES),
    'data/pointer.csv': 'version https://git-lfs.github.com/spec/v1\noid sha256:4d\n',
  });
});
afterAll(() => rmSync(repository, { recursive: true, force: true }));

/** What the workflow checks out in a job, once plan has resolved both commits. */
function refOf(job: string, sha: string): string {
  const file = path.join(ROOT, '.github', 'workflows', 'pipeline.yml');
  const step = z.looseObject({
    uses: z.string().optional(),
    with: z.record(z.string(), z.unknown()).optional(),
  });
  const workflow = z.object({ jobs: z.record(z.string(), z.looseObject({ steps: z.array(step) })) });
  const steps = workflow.parse(parse(readFileSync(file, 'utf8'))).jobs[job]?.steps;
  const checkout = steps?.find(({ uses }) => uses?.startsWith('actions/checkout@') === true);
  return evaluate(String(checkout?.with?.['ref']), {
    needs: { plan: { outputs: { sha, 'policy-sha': policySha } } },
    github: { event: { repository: { default_branch: 'main' } } },
  });
}

/** The reason code for a model that always says "b", as the files at `ref` want it judged. */
async function judgeAt(ref: string, resolved = policySha): Promise<string> {
  git('checkout', '--quiet', ref);
  const config = await loadConfig(repository, 'trainyard.yml', { MLFLOW_TRACKING_URI: 'http://mlflow.test' });
  if (!config.ok) throw new Error(JSON.stringify(config.error));
  const { request, ports } = await createGateBench(500);
  const holdout = config.value.data.holdout;
  if (holdout === undefined) throw new Error('it has no holdout');
  const held = await readHoldout(repository, holdout);
  const said = answersOf(0, {
    ...{ ids: held.ids, predictions: new Float64Array(held.ids.length).fill(1), holdoutDigest: held.digest },
  });
  const evaluation = {
    ...{ task: 'binary' as const, rows: held.ids.length, metrics: {} },
    ...{ modelDigest: TRAINING.modelDigest, holdoutDigest: held.digest, box: 'namespaces' as const },
  };
  const { reasonCode } = await evaluateGate(
    'both',
    { ...request, config: config.value, plan: { ...request.plan, policySha: resolved } },
    {
      ...ports,
      python: { ...ports.python, evaluate: async ({ targets }) => targets.map(() => evaluation) },
      readAnswers: async () => said,
      readHoldout: (asked) => readHoldout(repository, asked),
      isOfCommit: (file) => isOfCommit(repository, file),
      commit: () => findCommit(repository),
    },
  );
  return reasonCode;
}

/** Judges a pull request with these files as the workflow does; by its own files it would pass. */
async function judgeWith(files: Readonly<Record<string, string>>): Promise<string> {
  git('checkout', '--quiet', '-B', 'better', policySha);
  const sha = commit(files);
  expect(await judgeAt(sha, sha)).toBe('gate-passed');
  return judgeAt(refOf('judge', sha));
}

play('P1', () =>
  judgeWith({
    'trainyard.yml': write('data/easy.csv', 0.7),
    'data/easy.csv': tableOf(EXAMPLES.filter((row) => row.endsWith('b'))),
  }),
);

play('P2', async () => {
  const { request, ports } = await createGateBench(970, true);
  const rule = { kind: 'mlflow', metric: 'profit', minAbsoluteChange: 0.01, greaterIsBetter: true } as const;
  const training = JSON.stringify({ ...TRAINING, metrics: { profit: 1e9 } });
  const config = { ...request.config, gate: [rule] };
  const { report } = await evaluateGate('both', { ...request, training, config }, ports);
  return /as the run says/.exec(showReport(report))?.[0] ?? 'unnamed';
});

play('P3', () => judgeWith({ 'trainyard.yml': write('data/holdout.csv', 0.4) }));

play('P21', async () => {
  git('checkout', '--quiet', '-B', 'better', policySha);
  const ours = write('data/holdout.csv', 0.7);
  const theirs = ours.replace('stages: [1, 50, 100], alpha: 0.01', 'stages: [100], alpha: 0.0001');
  const sha = commit({ 'trainyard.yml': theirs });
  expect(await rolloutAt(sha)).toBe('0.0001: 100');
  return rolloutAt(refOf('deploy', sha));
});

/** By what the files at `ref` want it rolled out. */
async function rolloutAt(ref: string): Promise<string> {
  git('checkout', '--quiet', ref);
  const config = await loadConfig(repository, 'trainyard.yml', { MLFLOW_TRACKING_URI: 'http://mlflow.test' });
  const rollout = config.ok ? config.value.environments['production']?.rollout : undefined;
  return `${rollout?.alpha}: ${rollout?.stages.join(' ')}`;
}

play('P17', () => codeOf(readHoldout(repository, { path: 'data/pointer.csv', target: 'label', slices: [] })));

test('a job that looks at the pull request’s files instead is refused', async () => {
  git('checkout', '--quiet', '-B', 'elsewhere', policySha);
  const sha = commit({ 'more.txt': 'more\n' });
  await expect(judgeAt(sha)).rejects.toThrow(/Check out .*policy-sha/s);
});
