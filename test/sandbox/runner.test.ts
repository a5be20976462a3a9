import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkflowRun } from '../../sandbox/runner/workflow-run.ts';
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';

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

let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-runner-'));
  sandbox = await startSandbox({ folder, people: { ada: 'maintain' }, secrets: { KEY: 's3cret', NONE: '' } });
  sandbox.push({ '.github/workflows/leaky.yml': LEAKY }, { user: 'ada', message: 'begin' });
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});

const runOf = async (type: string, payload: unknown = {}): Promise<WorkflowRun> => {
  const [run] = sandbox.dispatch(type, payload);
  if (run === undefined) throw new Error(`no run of ${type}`);
  await sandbox.finished(run);
  return run;
};

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
