import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createProjectRunner } from '../../adapters/mlflow/project.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { at, env, POLICY, SECRET, useRunner, workspace } from './support/attack.ts';

useRunner();

/** Runs a command line as the train job runs the `data.fetch` of a commit. */
async function fetchBy(line: string, operator: Readonly<Record<string, string>> = {}) {
  const { runLine } = createProjectRunner({
    ...{ python: venvProgram('python'), runtime: path.join(ROOT, 'runtime'), cwd: workspace },
    ...{ env: { ...env, ...operator }, policy: POLICY, variables: ['STORE'], inputs: [], docker: false },
    ...{ trackingUri: 'http://127.0.0.1:1', onLine: () => {} },
  });
  const { status, code, lines } = await runLine({ line, timeoutSeconds: 60 });
  return { status, code, said: lines.join('\n') };
}

test('the data.fetch of a commit runs in the box of trainings: it reaches nothing of the job, and fills the workspace', async () => {
  const [home, store] = [at('home'), at('home', 'store')];
  mkdirSync(store, { recursive: true });
  writeFileSync(path.join(store, 'data.csv'), 'one\n');
  writeFileSync(path.join(home, 'key'), SECRET);
  const operator = { HOME: home, STORE: store, AWS_PROFILE: 'ours', TRAINYARD_AGENT_TOKEN: SECRET };
  const spy = `cat ${home}/key ${at('.credentials')} /proc/[0-9]*/environ; env; echo x >> ${store}/data.csv`;
  const { status, said } = await fetchBy(
    `cp "$STORE/data.csv" fetched.csv; (${spy}) || true; echo "$AWS_PROFILE"`,
    operator,
  );
  expect(status).toBe('succeeded');
  expect(said).not.toContain(SECRET);
  expect(said).toMatch(/^ours$/m);
  expect(readFileSync(path.join(workspace, 'fetched.csv'), 'utf8')).toBe('one\n');
  expect(readFileSync(path.join(store, 'data.csv'), 'utf8')).toBe('one\n');
});

test('it stops at the first command that fails, and its exit code is told', async () => {
  expect(await fetchBy('(exit 7) | cat; touch never')).toMatchObject({ status: 'failed', code: 7 });
  expect(existsSync(path.join(workspace, 'never'))).toBe(false);
});
