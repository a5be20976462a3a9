import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeKeys } from '../../sandbox/agent/make-keys.ts';
import type { LocalWorld } from '../../sandbox/desk/local-world.ts';
import { obey } from '../../sandbox/desk/orders.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { commit, createRepository, git } from './support/repository.ts';

const ANSWERS = `
on: { push: {}, issue_comment: {}, schedule: [{ cron: '17 * * * *' }] }
jobs:
  deploy:
    runs-on: self-hosted
    environment: { name: production, deployment: false }
    steps: [{ run: echo deployed }]
`;
const CONFIG =
  'version: 1\nmodel: flats\nenvironments: { production: { hosts: ["https://serve-1:9443"] } }\n';

/** A working copy in a sandbox without MLflow and hosts, whose workflow needs neither. */
async function createWorld(): Promise<LocalWorld> {
  const folder = createRepository({
    'trainyard.yml': CONFIG,
    '.github/workflows/trainyard-monitor.yml': ANSWERS,
  });
  const state = mkdtempSync(path.join(tmpdir(), 'ty-orders-'));
  const sandbox = await startSandbox({ folder: state, defaultBranch: 'trunk', people: { you: 'maintain' } });
  onTestFinished(async () => {
    await sandbox.stop();
    rmSync(state, { recursive: true, force: true });
  });
  const nothing = async () => undefined;
  const child = { pid: 0, log: '', alive: () => true, stop: nothing, kill: nothing };
  const host = { url: 'http://127.0.0.1:2', dataPlane: 'http://127.0.0.1:3', log: '', folder: state };
  const still = { pid: () => 0, kill: nothing, start: nothing, down: nothing };
  return {
    ...{ folder, sandbox, keys: makeKeys(), stop: nothing },
    mlflow: { url: 'http://127.0.0.1:4', child },
    hosts: new Map([['production', { ...host, ...still }]]),
  };
}

test('a push is run, waits where an environment is protected, and goes on once it is approved', async () => {
  const world = await createWorld();
  expect(obey(world, 'protect', ['production'])).toEqual([
    'Jobs of production wait for `approve` from now on.',
  ]);
  expect(() => obey(world, 'protect', ['nowhere'])).toThrow('There is no environment nowhere: production.');
  expect(obey(world, 'approve', [])[0]).toContain('Nothing waits');
  expect(obey(world, 'push', [])[0]).toMatch(/^Run \d+ of trainyard-monitor\.yml: /);
  const [run] = world.sandbox.runs;
  const waits = () =>
    obey(world, 'status', []).some((line) => line.includes('waits for `approve`: production'));
  await waitFor(waits, 'the job to wait', 60_000);
  expect(obey(world, 'approve', [])[0]).toMatch(/^approved: production of run \d+$/);
  await waitFor(() => run?.conclusion === 'success', 'the run to succeed', 60_000);
  expect(world.sandbox.remote.show('trunk', 'trainyard.yml')).toContain('http://127.0.0.1:2');
});

test('a job that is rejected fails its run', async () => {
  const world = await createWorld();
  obey(world, 'protect', []);
  obey(world, 'push', []);
  const isSaid = () => obey(world, 'reject', [])[0]?.startsWith('rejected') === true;
  await waitFor(isSaid, 'the job to wait', 60_000);
  await waitFor(() => world.sandbox.runs[0]?.conclusion === 'failure', 'the run to fail', 60_000);
});

test('another branch gets one pull request, and comments go there', async () => {
  const world = await createWorld();
  obey(world, 'push', []);
  git(world.folder, 'checkout', '--quiet', '-b', 'better');
  commit(world.folder, { 'a.txt': 'better' });
  expect(obey(world, 'push', [])[0]).toBe('Pull request #1 was opened for it: comments go there.');
  expect(obey(world, 'push', [])[0]).toBe('Pull request #1 has it.');
  expect(obey(world, 'comment', ['/train', 'rate=0.1'])[0]).toBe('you on #1: /train rate=0.1');
  expect([...world.sandbox.repository.comments.values()].map(({ body }) => body)).toEqual([
    '/train rate=0.1',
  ]);
  expect(obey(world, 'tick', [])[0]).toMatch(/^Run \d+/);
});

test('says what is not pushed, and what means nothing', async () => {
  const world = await createWorld();
  expect(() => obey(world, 'tick', [])).toThrow(/push something/);
  git(world.folder, 'rm', '--quiet', '--cached', 'trainyard.yml');
  expect(obey(world, 'push', [])[0]).toMatch(/^(?:One file differs|\d+ files differ) from/);
  expect(() => obey(world, 'comment', [])).toThrow('A comment needs a text');
  expect(() => obey(world, 'dance', [])).toThrow(/does not know dance: push, comment/);
  expect(() => obey(world, 'fail', ['sometimes'])).toThrow(/fail takes a status/);
  expect(obey(world, 'fail', ['503', '/issues', '2'])).toEqual([
    'The next 2 requests to GitHub with /issues in their path get 503.',
  ]);
  expect(world.sandbox.github.faults.take('GET', '/repos/acme/digits/issues')).toEqual({ status: 503 });
});
