import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hydrateOctokit } from '../../actions/job/hydrate-octokit.ts';
import { createGitHub } from '../../adapters/github.ts';
import { readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { type BuiltJobs, resultOf, startBuiltJobs } from '../actions/support/built-jobs.ts';
import { searchSummary } from '../core/ledger/ledger-support.ts';

const CONFIG = `version: 1
model: digits
project: { parameters: { lr: 0.001, epochs: 3 } }
data: { holdout: { path: holdout.csv, target: label } }
search: { metric: val_accuracy, space: { lr: { log: [0.0001, 0.1] } } }
gate: [{ metric: accuracy, floor: 0.9 }]
`;
const FILES = {
  'trainyard.yml': CONFIG,
  'holdout.csv': 'x,label\n1,a\n',
  MLproject: 'name: digits\nentry_points: { main: { parameters: { lr: float }, command: "python a.py" } }\n',
};

let folder: string;
let jobs: BuiltJobs;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-proposals-'));
  jobs = await startBuiltJobs(folder, FILES, {
    PATH: process.env['PATH'],
    MLFLOW_TRACKING_URI: 'http://127.0.0.1:9',
  });
}, 60_000);
afterAll(async () => {
  await jobs.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Calls the API with a job's own token, and gives the status with what was said. */
async function call(method: string, at: string, body?: object): Promise<readonly [number, string]> {
  const { github, repository, tokens } = jobs.sandbox;
  const response = await fetch(`${github.addresses.api}/repos/${repository.fullName}${at}`, {
    method,
    headers: { authorization: `Bearer ${tokens.actions}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return [response.status, await response.text()];
}

const encoded = (text: string) => Buffer.from(text).toString('base64');

describe('what GitHub refuses of a proposal, the sandbox refuses', () => {
  const main = () => jobs.sandbox.remote.resolve('main') ?? '';

  test.each([
    [
      'a ref that is there',
      'POST',
      '/git/refs',
      () => ({ ref: 'refs/heads/main', sha: main() }),
      422,
      'already exists',
    ],
    ['a ref without its folder', 'POST', '/git/refs', () => ({ ref: 'main', sha: main() }), 422, 'ref'],
    [
      'a ref below another, such as the ledger’s',
      'POST',
      '/git/refs',
      () => ({ ref: 'refs/heads/trainyard/tune-1', sha: main() }),
      422,
      'Reference update failed',
    ],
    [
      'a commit that is not there',
      'POST',
      '/git/refs',
      () => ({ ref: 'refs/heads/x', sha: 'f'.repeat(40) }),
      422,
      'does not exist',
    ],
    [
      'a file over one that is there',
      'PUT',
      '/contents/trainyard.yml',
      () => ({ message: 'm', content: encoded('x') }),
      422,
      'sha',
    ],
    [
      'a file over other bytes than are there',
      'PUT',
      '/contents/trainyard.yml',
      () => ({ message: 'm', content: encoded('x'), sha: 'e'.repeat(40) }),
      409,
      'does not match',
    ],
    [
      'a file on a branch that is not there',
      'PUT',
      '/contents/n.txt',
      () => ({ message: 'm', content: encoded('x'), branch: 'none' }),
      404,
      'not found',
    ],
    [
      'a pull request of a job, unless the settings allow it',
      'POST',
      '/pulls',
      () => ({ title: 't', head: 'main', base: 'main' }),
      403,
      'not permitted to create',
    ],
  ] as const)('%s', async (_, method, at, body, status, said) => {
    const [answered, text] = await call(method, at, body());
    expect([answered, text]).toEqual([status, expect.stringContaining(said)]);
  });

  test('pull requests without a commit, without a branch, and a second one', async () => {
    const { repository, remote } = jobs.sandbox;
    repository.actionsMayOpenPullRequests = true;
    const open = (head: string) => call('POST', '/pulls', { title: 't', head, base: 'main' });
    expect(await open('none')).toEqual([422, expect.stringContaining('head')]);
    await call('POST', '/git/refs', { ref: 'refs/heads/same', sha: main() });
    expect(await open('same')).toEqual([422, expect.stringContaining('No commits between main and same')]);
    remote.commit({ branch: 'ahead', from: 'main', files: { 'a.txt': 'a' }, message: 'A', author: 'ada' });
    expect((await open('ahead'))[0]).toBe(201);
    expect(await open('ahead')).toEqual([422, expect.stringContaining('already exists for acme:ahead')]);
    repository.actionsMayOpenPullRequests = false;
  });
});

describe('a change is proposed', () => {
  test('in answers of GitHub’s own schema, once however often it is asked for', async () => {
    const { github, repository, remote, tokens } = jobs.sandbox;
    repository.actionsMayOpenPullRequests = true;
    const before = github.exchanges.length;
    const { api: apiUrl } = github.addresses;
    const client = hydrateOctokit({ apiUrl, token: tokens.actions, fetch, retryAfterBaseMs: 1 });
    const adapter = createGitHub({ client, apiUrl, repository: repository.fullName });
    const from = remote.resolve('main') ?? '';
    const change = { branch: 'trainyard-tune-x', from, file: 'trainyard.yml', title: 'T', body: 'B' };
    const text = CONFIG.replace('0.001', '0.01');
    const url = await adapter.proposeChange({ ...change, text });
    expect(await adapter.proposeChange({ ...change, text })).toBe(url);
    expect(remote.show('trainyard-tune-x', 'trainyard.yml')).toBe(text);
    const made = github.exchanges.slice(before);
    expect(made.flatMap(({ violations }) => violations)).toEqual([]);
    expect(made.filter(({ method, path: at }) => method === 'POST' && at.endsWith('/pulls'))).toHaveLength(1);
  });

  test('by the built action after /tune; what is trained once it is merged names its study, and production may begin', async () => {
    const { sandbox } = jobs;
    sandbox.repository.actionsMayOpenPullRequests = true;
    const pull = sandbox.openPullRequest({
      user: 'ada',
      branch: 'wide',
      title: 'Wider',
      files: { 'a.py': '' },
    });
    const early = await jobs.run('plan', {}, { event: jobs.byComment(pull.number, '/train --production') });
    expect(early.outputs).toMatchObject({ decision: 'stop', 'reason-code': 'refused' });
    expect(early.log).toContain('the ledger knows of none');

    const asked = jobs.byComment(pull.number, '/tune');
    const plan = resultOf(await jobs.run('plan', {}, { event: asked }));
    const { correlationId, sha } = JSON.parse(plan);
    const best = { trial: 4, runId: 'trial-4', value: 0.97, parameters: { lr: 0.012 } };
    const search = searchSummary({ study: `digits/${correlationId}`, runId: 'run-search', best });
    const training = JSON.stringify({ schema_version: 1, action: 'train', search });
    const proposed = await jobs.run('propose', { plan, training });
    expect(proposed.outputs['pull-request'], proposed.log).toMatch(/\/pull\/\d+$/);
    const number = Number(proposed.outputs['pull-request']?.split('/').at(-1));
    const opened = sandbox.repository.issues.get(number);
    expect(opened).toMatchObject({
      user: 'github-actions[bot]',
      title: 'Take the parameters of a search for digits',
      head: { base: 'wide' },
    });
    const branch = opened?.head?.branch ?? '';
    const text = CONFIG.replace('0.001', '0.012');
    expect(sandbox.remote.show(branch, 'trainyard.yml')).toBe(text);
    expect(sandbox.remote.resolve(`${branch}~1`)).toBe(sha);
    expect(readLedgerState(sandbox.remote, 'digits').trainings[correlationId]?.search).toEqual(search);

    // Somebody merges it.
    sandbox.push({ 'trainyard.yml': text }, { user: 'ada', message: 'Merge', branch: 'wide' });
    const next = await jobs.run('plan', {}, { event: jobs.byComment(pull.number, '/train --production') });
    expect(JSON.parse(resultOf(next))).toMatchObject({
      production: true,
      searches: [{ summary: { study: `digits/${correlationId}` }, sha }],
    });
  });
});
