import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { signDispatch } from '../../adapters/dispatch-signature.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import { readProject } from '../../measure/scenes/world.ts';
import { readLedger } from '../../sandbox/github/read-ledger.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { outputOf, type WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';
import { beginLedger } from '../adapters/support/begin-ledger.ts';

const MODEL = 'mnist';
const SECRET = 'only-the-tests-know-it';
const SECRETS = `staging=only-staging-knows-it\nproduction=${SECRET}`;
const WRONG = `version: 1
model: mnist
gate:
  - { metric: accuracy, floor: high }
environments:
  production:
    hosts: ["https://serve-1:9443"]
    rolout: { stages: [50, 10] }
`;

let folder: string;
let sandbox: Sandbox;
let deadPort: number;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-bad-'));
  [deadPort = 0] = await findFreePorts(1);
  sandbox = await startSandbox({
    folder,
    people: { ada: 'admin' },
    secrets: { TRAINYARD_DISPATCH_SECRET: SECRETS, TRAINYARD_AGENT_TOKEN: 'a token nobody checks' },
    variables: { MLFLOW_TRACKING_URI: `http://127.0.0.1:${deadPort}` },
    env: { MNIST_DATA: folder, SERVING_HOST: `http://127.0.0.1:${deadPort}` },
    parallel: 1,
  });
  beginLedger(sandbox.remote, 'ada');
  await runAll(
    sandbox.push({ ...readProject(), 'README.md': 'x' }, { user: 'ada', message: '[skip train]' }),
  );
});
afterAll(async () => {
  await sandbox.stop();
  discard(folder);
});
beforeEach(() => sandbox.github.faults.clear());

describe('a dispatch', () => {
  it.each([
    ['with a key nobody knows', { ...report(), extra: 1 }, 'bad-payload'],
    ['that is no report at all', { hello: 'world' }, 'bad-payload'],
    ['of more than 48,000 characters', { ...report(), body: { text: 'x'.repeat(48_001) } }, 'bad-payload'],
    ['that is not signed by the secret', { ...report(), signature: 'AAAA' }, 'bad-signature'],
    ['that staging signed for production', signed({}, 'only-staging-knows-it'), 'bad-signature'],
    ['from last month', signed({ at: new Date(Date.now() - 30 * 86_400_000).toISOString() }), 'stale'],
  ])('%s is refused, with its reason, and starts nothing', async (_, payload, code) => {
    const run = await runOne(sandbox.dispatch(DISPATCH_TYPES.retrain, payload));
    expect(outputOf(run, 'plan', 'reason-code')).toBe('refused');
    expect(outputOf(run, 'plan', 'result')).toContain(`"${code}"`);
    expect(startedJobs(run)).toEqual(['plan']);
    expect(readLedger(sandbox.remote, MODEL)).toEqual([]);
  });
});

describe('a trainyard.yml with mistakes', () => {
  afterAll(() => runAll(sandbox.push(readProject(), { user: 'ada', message: 'mend it [skip train]' })));

  it('is answered with all of them at once, on their lines, and leads to nothing', async () => {
    const run = await runOne(sandbox.push({ 'trainyard.yml': WRONG }, { user: 'ada', message: 'break it' }));
    expect(run.conclusion).toBe('failure');
    expect(outputOf(run, 'plan', 'reason-code')).toBe('user-error');
    const annotations = run.jobs.get('plan')?.annotations ?? [];
    const places = annotations.map(({ file, line, column }) => `${file}:${line}:${column}`);
    expect(places).toEqual(expect.arrayContaining(['trainyard.yml:4:32', 'trainyard.yml:8:5']));
    expect(annotations.map(({ message }) => message).join('\n')).toMatch(/number[\s\S]*rollout/);
    expect(startedJobs(run)).toEqual(['plan']);
    expect(readLedger(sandbox.remote, MODEL)).toEqual([]);
  });
});

describe('a service that is away', () => {
  it('is named when it is git: the push of the ledger is refused', async () => {
    sandbox.github.faults.add({ path: 'git-receive-pack', times: 50, answer: { status: 403 } });
    const run = await runOne(sandbox.manual('trainyard.yml', { operation: 'train' }, 'ada'));
    expect(run.conclusion).toBe('failure');
    const [error] = run.jobs.get('plan')?.annotations ?? [];
    expect(outputOf(run, 'plan', 'result')).toContain(`${sandbox.github.addresses.web}/acme/digits`);
    expect(error?.message).toMatch(/contents: write|permission|push/i);
    expect(readLedger(sandbox.remote, MODEL)).toEqual([]);
  });

  it('is named when it is GitHub’s API', async () => {
    sandbox.github.faults.add({ path: '/collaborators/', times: 50, answer: { status: 403 } });
    const run = await runOne(sandbox.manual('trainyard.yml', { operation: 'train' }, 'ada'));
    expect(run.conclusion).toBe('failure');
    expect(outputOf(run, 'plan', 'reason-code')).toBe('service-unavailable');
    expect(outputOf(run, 'plan', 'result')).toContain('/collaborators/ada/permission');
  });
});

describe('a signed retrain', () => {
  it('is obeyed once, ends at the service that is away by name, and is a replay when it comes again', async () => {
    const payload = signed({});
    const first = await runOne(sandbox.dispatch(DISPATCH_TYPES.retrain, payload));
    expect(outputOf(first, 'plan', 'reason-code')).toBe('planned');
    expect(first.conclusion).toBe('failure');
    expect(outputOf(first, 'train', 'reason-code')).toBe('service-unavailable');
    expect(outputOf(first, 'train', 'result')).toContain(`http://127.0.0.1:${deadPort}`);
    expect(startedJobs(first)).toEqual(['plan', 'predict-champion', 'report', 'train']);
    const second = await runOne(sandbox.dispatch(DISPATCH_TYPES.retrain, payload));
    expect(outputOf(second, 'plan', 'reason-code')).toBe('ignored');
    expect(outputOf(second, 'plan', 'result')).toContain('"replayed"');
    expect(startedJobs(second)).toEqual(['plan']);
    const requested = readLedger(sandbox.remote, MODEL).filter(({ kind }) => kind === 'training.requested');
    expect(requested).toHaveLength(1);
  });
});

describe('the monitor', () => {
  it('leaves its page with the run, though no host and no MLflow answers', async () => {
    const run = await runOne(sandbox.tick('trainyard-monitor.yml'));
    expect(run.conclusion).toBe('success');
    expect(outputOf(run, 'check', 'action')).toBe('none');
    const page = readFileSync(
      path.join(run.log.replace(/\.log$/, ''), 'monitor-mnist-production.html'),
      'utf8',
    );
    expect(page).toContain('mnist in production · nothing deployed');
    expect(page).toContain('</html>');
  });
});

function report() {
  return {
    v: 1,
    id: randomUUID(),
    at: new Date().toISOString(),
    from: 'monitor-check',
    model: MODEL,
    environment: 'production',
    body: {},
  } as const;
}

function signed(change: Readonly<Record<string, string>>, secret = SECRET): unknown {
  const payload = { ...report(), ...change };
  return signDispatch(secret, DISPATCH_TYPES.retrain, payload);
}

function startedJobs(run: WorkflowRun): readonly string[] {
  const ran = [...run.jobs].filter(([, { result }]) => result === 'success' || result === 'failure');
  return ran.flatMap(([id]) => (id === 'trainyard' ? [] : [id])).toSorted();
}

async function runOne(runs: readonly WorkflowRun[]): Promise<WorkflowRun> {
  await runAll(runs);
  const [run] = runs;
  if (run === undefined) throw new Error('no workflow was started');
  return run;
}

async function runAll(runs: readonly WorkflowRun[]): Promise<void> {
  await Promise.all(runs.map(sandbox.finished));
}
