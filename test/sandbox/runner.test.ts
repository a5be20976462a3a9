import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import type { WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';

/** Time to start on a busy machine. */
const START_MS = 60_000;

const LEAKY = `
on: { repository_dispatch: { types: [leak] } }
jobs:
  say:
    runs-on: self-hosted
    outputs: { made: '\${{ steps.make.outputs.made }}' }
    steps:
      - id: make
        run: |
          echo "plain=nothing to hide" >> "$GITHUB_OUTPUT"
          test "\${{ github.event.client_payload.kind }}" != registered || echo "made=before-s3cret-after" >> "$GITHUB_OUTPUT"
          test "\${{ github.event.client_payload.kind }}" != masked || echo "::add-mask::found-later"
          test "\${{ github.event.client_payload.kind }}" != masked || echo "made=found-later" >> "$GITHUB_OUTPUT"
`;

const GUARDED = `
on: { repository_dispatch: { types: [guarded] } }
jobs:
  deploy:
    runs-on: self-hosted
    environment: { name: '\${{ github.event.client_payload.to }}', deployment: false }
    concurrency: { group: 'deploy-\${{ github.event.client_payload.to }}', queue: max }
    steps: [{ run: echo deployed }]
`;
const GROUPED = `
on: { repository_dispatch: { types: [grouped] } }
jobs:
  first:
    runs-on: self-hosted
    concurrency: one-at-a-time
    steps: [{ run: sleep 6 }]
`;

/** With what files of variables and shells would take for something else. */
const TRICKY = `it's "hard-to-tell" $HOME #\nsecond: line`;
/** The brackets keep the search from finding itself. The file goes when the job is first heard of: the step waits for that. */
const SECRETIVE = (folder: string) => `
on: { repository_dispatch: { types: [secretive] } }
jobs:
  look:
    runs-on: self-hosted
    timeout-minutes: 1
    steps:
      - env: { VALUE: '\${{ secrets.TRICKY }}' }
        run: |
          test "$(printf %s "$VALUE" | sha256sum | cut -c-64)" = ${createHash('sha256').update(TRICKY).digest('hex')}
      - run: |
          if grep -la 'hard[-]to-tell' /proc/[0-9]*/cmdline; then exit 1; fi
          until test -z "$(find ${folder} -name secrets.yml)"; do :; done
`;

const pendingSchema = z.array(z.object({ environment: z.object({ id: z.number(), name: z.string() }) }));

let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-runner-'));
  sandbox = await startSandbox({
    folder,
    people: { ada: 'maintain' },
    secrets: { KEY: 's3cret', NONE: '', TRICKY },
  });
  sandbox.requireReview('production', ['ada']);
  const workflows = { leaky: LEAKY, guarded: GUARDED, grouped: GROUPED, secretive: SECRETIVE(folder) };
  const files = Object.entries(workflows).map(([name, text]) => [`.github/workflows/${name}.yml`, text]);
  sandbox.push(Object.fromEntries(files), { user: 'ada', message: 'begin' });
}, START_MS);
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = (type: string, payload: unknown = {}): WorkflowRun => {
  const [run] = sandbox.dispatch(type, payload);
  if (run === undefined) throw new Error(`no run of ${type}`);
  return run;
};
const runOf = async (type: string, payload: unknown = {}): Promise<WorkflowRun> => {
  const run = start(type, payload);
  await sandbox.finished(run);
  return run;
};

it('a secret reaches its job as it is, and stands in no argument and no file that others may read', async () => {
  const run = await runOf('secretive');
  expect(run.conclusion).toBe('success');
});

describe('outputs that hold a secret', () => {
  it.each(['registered', 'masked'])('fail the run loudly where it is %s', async (kind) => {
    const run = await runOf('leak', { kind });
    expect([run.conclusion, run.leaks]).toEqual(['failure', ['say.made']]);
    expect(run.jobs.get('say')?.annotations).toMatchObject([
      { level: 'error', message: expect.stringContaining('The output made holds a secret') },
    ]);
  });

  it('are none where nothing is hidden', async () => {
    const run = await runOf('leak', { kind: 'none' });
    expect([run.conclusion, run.leaks]).toEqual(['success', []]);
  });
});

describe('an environment with required reviewers', () => {
  const waits = async (run: WorkflowRun): Promise<void> => {
    const { gates } = sandbox.github;
    await waitFor(() => gates.pendingOf(run.id).includes('production'), 'a run that waits', 30_000);
  };
  const review = (run: WorkflowRun, state: 'approved' | 'rejected', user = 'ada') =>
    sandbox.github.gates.review({ run: run.id, environments: ['production'], state, user });

  it('holds the job until a reviewer approves it, and nobody else can', async () => {
    const run = start('guarded', { to: 'production' });
    await waits(run);
    expect(review(run, 'approved', 'eve')).toBe(false);
    expect([run.status, run.jobs.get('deploy')?.result]).toEqual(['running', undefined]);
    expect(review(run, 'approved')).toBe(true);
    await sandbox.finished(run);
    expect(run.conclusion).toBe('success');
  });

  it('fails the job that a reviewer rejects, and keeps the group of the one that waits', async () => {
    const run = start('guarded', { to: 'production' });
    await waits(run);
    const next = start('guarded', { to: 'production' });
    await waitFor(() => sandbox.github.gates.waitingRuns().has(next.id), 'a run in the queue', 30_000);
    expect(sandbox.github.gates.pendingOf(next.id)).toEqual([]);
    expect(review(run, 'rejected')).toBe(true);
    await sandbox.finished(run);
    expect(run.conclusion).toBe('failure');
    expect(run.jobs.get('deploy')?.annotations).toMatchObject([
      { message: expect.stringContaining('ada rejected the deployment to production') },
    ]);
    await waits(next);
    expect(review(next, 'approved')).toBe(true);
    await sandbox.finished(next);
    expect(next.conclusion).toBe('success');
  });

  it('is asked for and approved through the API too', async () => {
    const run = start('guarded', { to: 'production' });
    await waits(run);
    const before = sandbox.github.exchanges.length;
    const at = `${sandbox.github.addresses.api}/repos/acme/digits/actions/runs/${run.id}/pending_deployments`;
    const headers = { authorization: `Bearer ${sandbox.tokens.agent}` };
    const pending = pendingSchema.parse(await (await fetch(at, { headers })).json());
    expect(pending).toEqual([{ environment: { id: expect.any(Number), name: 'production' } }]);
    const ids = pending.map(({ environment }) => environment.id);
    const body = JSON.stringify({ environment_ids: ids, state: 'approved', comment: 'go' });
    expect((await fetch(at, { method: 'POST', headers, body })).status).toBe(422);
    sandbox.requireReview('production', ['ada', 'trainyard-agent[bot]']);
    expect((await fetch(at, { method: 'POST', headers, body })).status).toBe(200);
    await sandbox.finished(run);
    expect(run.conclusion).toBe('success');
    expect(sandbox.github.exchanges.slice(before).flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('guards nothing by an empty name, or one without reviewers', async () => {
    expect((await runOf('guarded', { to: '' })).conclusion).toBe('success');
    expect((await runOf('guarded', { to: 'staging' })).conclusion).toBe('success');
  });
});

describe('a concurrency group', () => {
  it('lets one run and one wait, and drops whoever waits for whoever comes later', async () => {
    const first = start('grouped');
    await waitFor(() => first.jobs.has('first'), 'a run of the group', 30_000);
    await waitFor(() => !sandbox.github.gates.waitingRuns().has(first.id), 'a holder of the group', 30_000);
    const second = start('grouped');
    await waitFor(() => sandbox.github.gates.waitingRuns().has(second.id), 'a run that waits', 30_000);
    const third = start('grouped');
    for (const run of [first, second, third]) await sandbox.finished(run);
    expect([first.conclusion, second.conclusion, third.conclusion]).toEqual([
      'success',
      'failure',
      'success',
    ]);
  });
});
