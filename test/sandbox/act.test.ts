import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { startAct } from '../../sandbox/runner/act.ts';
import type { WorkflowRun } from '../../sandbox/runner/workflow-run.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-act-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Warns before it has read its secrets, as act does where there is no Docker; then speaks of a job until the file is gone. */
const SLOW = `#!/bin/sh
while [ "$1" != --secret-file ]; do shift; done
echo "no docker connection" >&2
while ! [ -e ${folder}/heard ]; do :; done
cp "$2" ${folder}/read
echo '{"jobID":"job","msg":"begins"}'
while [ -e "$2" ]; do :; done
`;

it('a run’s secrets are there until it speaks of a job, and gone from then on', async () => {
  const act = path.join(folder, 'act');
  writeFileSync(act, SLOW);
  chmodSync(act, 0o755);
  const log = path.join(folder, 'run.log');
  const run: WorkflowRun = {
    ...{ id: 1, workflow: 'w.yml', status: 'queued', conclusion: undefined, log, jobs: new Map() },
    ...{ masked: new Set(), leaks: [], startedAt: undefined, finishedAt: undefined },
    event: { name: 'push', payload: {}, actor: 'ada', sha: 'a'.repeat(40) },
  };
  const cloneAt = (clone: string) => {
    const place = path.join(clone, '.github', 'workflows');
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'w.yml'), 'on: push\njobs: {}\n');
  };
  const url = 'http://127.0.0.1:1';
  const started = startAct(
    {
      ...{ act, folder, repository: 'acme/digits', remote: { cloneAt }, gates: url, actions: {}, labels: [] },
      ...{ addresses: { api: url, web: url }, token: 'ghs_token', variables: {}, env: process.env },
      secrets: { KEY: 's3cret' },
    },
    run,
  );
  await expect.poll(() => existsSync(log) && readFileSync(log, 'utf8')).toContain('no docker connection');
  writeFileSync(path.join(folder, 'heard'), '');
  await started.done;
  expect(JSON.parse(readFileSync(path.join(folder, 'read'), 'utf8'))).toEqual({
    KEY: 's3cret',
    GITHUB_TOKEN: 'ghs_token',
  });
});
