import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { warnOfRunner } from '../../actions/train/warn-of-runner.ts';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** What is said on a runner with these settings, to the training of a pull request or of a push. */
async function said(
  settings: unknown,
  { pullRequest, hosted }: { pullRequest?: number; hosted?: boolean } = {},
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'trainyard-runner-'));
  made.push(folder);
  const temp = path.join(folder, '_work', '_temp');
  mkdirSync(temp, { recursive: true });
  if (settings !== undefined)
    writeFileSync(path.join(folder, '.runner'), `\uFEFF${JSON.stringify(settings, null, 2)}`);
  const env = { RUNNER_TEMP: temp, RUNNER_ENVIRONMENT: hosted === true ? 'github-hosted' : 'self-hosted' };
  const warnings: string[] = [];
  const log = { warn: (line: string) => warnings.push(line) };
  await warnOfRunner(pullRequest === undefined ? {} : { pullRequest }, env, log);
  return warnings.join();
}

test('a runner that lives on is named before it takes the code of a pull request', async () => {
  const settings = { agentName: 'gpu-1', workFolder: '_work' };
  expect(await said(settings, { pullRequest: 7 })).toMatch(/pull request 7 runs on a runner .* --ephemeral/);
});

test.each([
  ['the runner lives for one job', { agentName: 'gpu-1', ephemeral: true }, { pullRequest: 7 }],
  ['it was configured just in time', { AgentName: 'gpu-1', Ephemeral: 'True' }, { pullRequest: 7 }],
  ['nobody knows', undefined, { pullRequest: 7 }],
  ['it is of GitHub', { agentName: 'x' }, { pullRequest: 7, hosted: true }],
  ['it is code of the default branch', { agentName: 'gpu-1' }, {}],
])('nothing is said where %s', async (_, settings, of) => {
  expect(await said(settings, of)).toBe('');
});
