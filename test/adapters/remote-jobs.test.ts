import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runRemote } from '../../adapters/remote/run-remote.ts';

/** A `ray` whose `job submit` does what a script says, in which $name is the job, and which notes what is stopped. */
async function runWith(script: string) {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-ray-job-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const stopped = path.join(folder, 'stopped');
  const program = path.join(folder, 'ray');
  writeFileSync(
    program,
    `#!/bin/bash
[ "$2" = stop ] && { echo "\${@: -1}" >> ${stopped}; exit 0; }
while [ "$1" != --submission-id ]; do shift; done
name=$2
${script}
`,
  );
  chmodSync(program, 0o755);
  const lines: string[] = [];
  const end = await runRemote({
    remote: { kind: 'ray', address: 'http://127.0.0.1:1' },
    ...{ command: ['true'], cwd: folder, variables: {}, onLine: (line) => lines.push(line) },
    env: { PATH: `${folder}:/usr/bin:/bin` },
    step: { runId: 'r', timeoutSeconds: 60 },
  });
  return { end, lines, stopped: existsSync(stopped) ? readFileSync(stopped, 'utf8') : '' };
}

test('a job of Ray that succeeded is left alone', async () => {
  const { end, stopped } = await runWith(`echo "SUCC cli.py:67 -- Job '$name' succeeded"`);
  expect([end.ended, end.code, stopped]).toEqual(['exited', 0, '']);
});

test.each([
  ['was stopped', `echo "WARN cli.py:70 -- Job '$name' was stopped"`, /was stopped$/],
  ['went on when its log broke off', `echo "Status for job '$name': RUNNING"`, /: RUNNING$/],
])('a job of Ray that %s has failed, and is ended at the cluster', async (_, script, said) => {
  const { end, stopped } = await runWith(script);
  expect([end.ended, end.code]).toEqual(['exited', undefined]);
  expect(end.stdout.at(-1)).toMatch(said);
  expect(stopped).toMatch(/^trainyard-r-/);
});

test('a long log behind it hides no exit code of a job of Ray', async () => {
  const { end } = await runWith(
    `printf '%s\\n' "Job '$name' failed" "Status message: Job entrypoint command failed with exit code 9, last"; seq 1000; exit 1`,
  );
  expect(end.code).toBe(9);
  expect(end.stdout).not.toContain("Job '$name' failed");
});
