import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { hydrateOctokit } from '../../actions/job/hydrate-octokit.ts';
import { createGitHub } from '../../adapters/github.ts';
import { exampleOf } from '../../sandbox/github/events.ts';
import { loadOperations } from '../../sandbox/github/openapi.ts';
import { addComment } from '../../sandbox/github/repository.ts';
import { outputOf } from '../../sandbox/runner/workflow-run.ts';
import { ACTIONS_BOT, type Sandbox, startSandbox } from '../../sandbox/sandbox.ts';

const ECHO = `
on:
  push: { branches: [main] }
  issue_comment: { types: [created] }
  repository_dispatch: { types: [trainyard.retrain] }
jobs:
  echo:
    runs-on: self-hosted
    outputs: { sha: '\${{ steps.say.outputs.sha }}' }
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { persist-credentials: false }
      - id: say
        run: |
          test -f README.md
          echo "sha=$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"
          echo "event=$(tr -d '\\n' < "$GITHUB_EVENT_PATH")" >> "$GITHUB_OUTPUT"
          echo "::error file=trainyard.yml,line=3,col=5::gate is missing"
  fail:
    needs: echo
    if: github.event_name == 'repository_dispatch'
    runs-on: [self-hosted, gpu]
    steps: [{ run: exit 3 }]
`;
const PAYLOAD = { v: 1, id: 'abcdefgh' } as const;

let folder: string;
let sandbox: Sandbox;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-sandbox-'));
  sandbox = await startSandbox({ folder, people: { ada: 'maintain', eve: 'read' } });
  const files = { 'README.md': '# digits\n', '.github/workflows/echo.yml': ECHO };
  for (const run of sandbox.push(files, { user: 'ada', message: 'begin' })) await sandbox.finished(run);
});
afterAll(async () => {
  await sandbox.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => sandbox.github.faults.clear());

const RUN_URL = 'https://github.test/acme/digits/actions/runs/1';

const githubOf = (apiUrl: string, token = sandbox.tokens.actions) =>
  createGitHub({
    client: hydrateOctokit({ apiUrl, token, fetch: globalThis.fetch, retryAfterBaseMs: 1 }),
    apiUrl,
    repository: 'acme/digits',
    logUrl: RUN_URL,
  });

describe('the GitHub stand-in', () => {
  it.each(['/api/v3', ''])(
    'answers every call of the adapter as GitHub’s own schema says, below %j',
    async (prefix) => {
      const before = sandbox.github.exchanges.length;
      const github = githubOf(`${sandbox.github.addresses.web}${prefix}`);
      const pull = sandbox.openPullRequest({
        user: 'ada',
        branch: `try-${before}`,
        title: 'Try',
        files: { a: 'b' },
      });
      expect(await github.permissionOf('ada')).toBe('maintain');
      expect(await github.permissionOf('eve')).toBe('read');
      expect(await github.permissionOf('nobody')).toBe('none');
      expect(await github.getPullRequest(pull.number)).toMatchObject({
        headSha: sandbox.remote.resolve(`try-${before}`),
        headBranch: `try-${before}`,
        headRepository: 'acme/digits',
        state: 'open',
      });
      const sha = sandbox.remote.resolve(`try-${before}`) ?? '';
      expect(await github.newestUpdate('acme/digits', `try-${before}`)).toMatchObject({ after: sha });
      expect(await github.newestUpdate('acme/digits', 'no-such-branch')).toBeUndefined();
      const main = sandbox.remote.resolve('main') ?? '';
      expect(await github.changedFiles(main, sha)).toEqual(['a']);
      expect(await github.changedFiles(sha, main)).toBeUndefined();
      expect(await github.readFile('a', sha)).toBe('b');
      expect(await github.readFile('c/d.yml', sha)).toBeUndefined();
      expect(await github.lastScheduledRun('other.yml', '9')).toBeUndefined();
      sandbox.repository.scheduledRuns.push(
        { id: 7, called: 'acme/ty/.github/workflows/monitor.yml@v1', at: '2026-11-21T10:17:00Z' },
        { id: 8, called: 'acme/other/.github/workflows/nightly.yml@v2', at: '2026-11-21T11:00:00Z' },
        { id: 9, called: 'acme/ty/.github/workflows/monitor.yml@v1', at: '2026-11-21T11:17:00Z' },
      );
      expect(await github.lastScheduledRun('monitor.yml', '9')).toBe('2026-11-21T10:17:00Z');
      expect(await github.conclusionOf(String(sandbox.runs[0]?.id))).toBe('success');
      for (const none of ['9', 'x']) expect(await github.conclusionOf(none)).toBeUndefined();
      await github.upsertComment(pull.number, '<!-- marker -->', 'first');
      await github.upsertComment(pull.number, '<!-- marker -->', 'second');
      const comments = [...sandbox.repository.comments.values()].filter(({ issue }) => issue === pull.number);
      expect(comments.map(({ body, user }) => [body, user])).toEqual([
        ['<!-- marker -->\nsecond', ACTIONS_BOT],
      ]);
      await github.react(comments[0]?.id ?? 0, 'eyes');
      await github.react(comments[0]?.id ?? 0, 'eyes');
      expect(comments[0]?.reactions).toHaveLength(1);
      const issue = await github.upsertIssue('Drift', '<!-- drift -->', 'one');
      expect(await github.upsertIssue('Drift', '<!-- drift -->', 'two')).toBe(issue);
      const deployment = await github.createDeployment({
        key: `rollout-${before}`,
        ref: 'main',
        environment: 'production',
        description: 'mnist 1',
        payload: { version: '1' },
      });
      const seenAt = `https://github.test/acme/models/pull/1#issuecomment-${before}`;
      await github.setDeploymentStatus(deployment, 'in_progress', { description: '10 %', seenAt });
      await github.setDeploymentStatus(deployment, 'success', { description: 'all' });
      expect(sandbox.repository.deployments.get(deployment)?.statuses).toMatchObject([
        { state: 'in_progress', logUrl: RUN_URL, environmentUrl: seenAt },
        { state: 'success', logUrl: RUN_URL, environmentUrl: RUN_URL },
      ]);
      const head = pull.head?.sha ?? '';
      const status = { context: 'trainyard/mnist', state: 'failure', description: 'x'.repeat(200) } as const;
      await github.setCommitStatus(head, status);
      expect(sandbox.repository.statuses.at(-1)).toMatchObject({
        ...{ sha: head, context: 'trainyard/mnist', state: 'failure' },
        description: expect.stringMatching(/^x{139}…$/),
      });
      const made = sandbox.github.exchanges.slice(before);
      expect(made.flatMap(({ violations }) => violations)).toEqual([]);
      expect(made.length).toBeGreaterThan(10);
    },
  );

  it('finds the comment that carries a marker on a later page', async () => {
    const github = githubOf(sandbox.github.addresses.api);
    const pull = sandbox.openPullRequest({ user: 'ada', branch: 'long', title: 'Long', files: { c: 'd' } });
    for (let i = 0; i <= 100; i++) addComment(sandbox.repository, pull.number, ACTIONS_BOT, `<!-- ${i} -->`);
    await github.upsertComment(pull.number, '<!-- 100 -->', 'again');
    const bodies = [...sandbox.repository.comments.values()]
      .filter(({ issue }) => issue === pull.number)
      .map(({ body }) => body);
    expect(bodies).toHaveLength(101);
    expect(bodies.at(-1)).toBe('<!-- 100 -->\nagain');
  });

  it.each([
    ['more than ten properties', Object.fromEntries([...'abcdefghijk'].map((key) => [key, 1]))],
    ['64 KB', { body: 'x'.repeat(65_536) }],
  ])('refuses a dispatch of %s', async (_, payload) => {
    expect(await post('/dispatches', { event_type: 'trainyard.retrain', client_payload: payload })).toBe(422);
  });

  it('accepts a dispatch with an empty 204, which names no run', async () => {
    expect(await post('/dispatches', { event_type: 'unheard-of', client_payload: PAYLOAD })).toBe(204);
  });

  it('refuses a comment of more than 65,536 characters', async () => {
    const { number } = sandbox.openPullRequest({
      user: 'ada',
      branch: 'big',
      title: 'Big',
      files: { e: 'f' },
    });
    expect(await post(`/issues/${number}/comments`, { body: 'x'.repeat(65_536) })).toBe(201);
    expect(await post(`/issues/${number}/comments`, { body: 'x'.repeat(65_537) })).toBe(422);
  });

  it('is sent no text that is longer than it takes, which no cut would leave whole', async () => {
    const github = githubOf(sandbox.github.addresses.api);
    const before = sandbox.github.exchanges.length;
    const long = 'x'.repeat(65_536);
    await expect(github.upsertIssue('Long', '<!-- long -->', long)).rejects.toThrow(/longer than the 65536/);
    expect(sandbox.github.exchanges).toHaveLength(before);
  });

  it('refuses a deployment that would merge, as GitHub’s defaults do', async () => {
    expect(await post('/deployments', { ref: 'main' })).toBe(409);
  });

  it('refuses an unknown token, on the API and on git', async () => {
    await expect(githubOf(sandbox.github.addresses.api, 'stolen').permissionOf('ada')).rejects.toThrow(/401/);
    await expect(lsRemote('stolen')).rejects.toThrow();
    expect(await lsRemote(sandbox.tokens.agent)).toContain('refs/heads/main');
  });

  it('is asked once for what it refuses, and again for what fails', async () => {
    const askedFor = async (answer: { status: number; body: object }, times: number) => {
      sandbox.github.faults.add({ path: '/collaborators/', times, answer });
      const before = sandbox.github.exchanges.length;
      await githubOf(sandbox.github.addresses.api)
        .permissionOf('ada')
        .catch(() => undefined);
      sandbox.github.faults.clear();
      return sandbox.github.exchanges.slice(before).map(({ status }) => status);
    };
    expect(await askedFor({ status: 404, body: { message: 'Not Found' } }, 9)).toEqual([404]);
    expect(await askedFor({ status: 422, body: { message: 'Validation Failed' } }, 9)).toEqual([422]);
    expect(await askedFor({ status: 502, body: { message: 'Bad gateway' } }, 2)).toEqual([502, 502, 200]);
    expect(await askedFor({ status: 502, body: { message: 'Bad gateway' } }, 9)).toEqual([
      502, 502, 502, 502,
    ]);
  });

  it.each(['rate-limit', 'secondary-limit'] as const)('recovers from a %s', async (answer) => {
    sandbox.github.faults.add({ path: '/collaborators/', answer });
    expect(await githubOf(sandbox.github.addresses.api).permissionOf('ada')).toBe('maintain');
  });

  it('plays faults on the requests they name, as often as they say', async () => {
    const queued = await fetch(`${sandbox.github.addresses.web}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ path: '/issues', times: 2, answer: { status: 500 } }),
    });
    expect(queued.status).toBe(204);
    const statuses = [await get('/collaborators/ada/permission'), await get('/issues'), await get('/issues')];
    expect([...statuses, await get('/issues')]).toEqual([200, 500, 500, 200]);
  });

  it('knows every operation it claims to, in GitHub’s published API', () => {
    for (const operation of loadOperations()) expect(operation.example).toBeTypeOf('object');
  });
});

describe('workflow runs', () => {
  it('starts a run of the pushed commit, with a payload of the recorded shape', () => {
    const run = sandbox.runs.find(({ event }) => event.name === 'push');
    expect(run?.conclusion).toBe('success');
    const sha = run === undefined ? undefined : outputOf(run, 'echo', 'sha');
    expect(sha).toBe(sandbox.remote.resolve('main'));
    const payload = JSON.parse((run && outputOf(run, 'echo', 'event')) ?? '{}');
    expect(payload).toMatchObject({
      after: sha,
      ref: 'refs/heads/main',
      repository: { full_name: 'acme/digits' },
    });
  });

  it('keeps what jobs annotate, and their log', () => {
    const [run] = sandbox.runs;
    expect(run?.jobs.get('echo')?.annotations).toEqual([
      { level: 'error', message: 'gate is missing', file: 'trainyard.yml', line: 3, column: 5 },
    ]);
    expect(readFileSync(run?.log ?? '', 'utf8')).toContain('[echo]');
  });

  it('says which job failed', async () => {
    const [run] = sandbox.dispatch('trainyard.retrain', PAYLOAD);
    if (run === undefined) throw new Error('no run');
    await sandbox.finished(run);
    expect(run.conclusion).toBe('failure');
    expect([...run.jobs].map(([id, { result }]) => [id, result])).toEqual([
      ['echo', 'success'],
      ['fail', 'failure'],
    ]);
    const payload = JSON.parse(outputOf(run, 'echo', 'event') ?? '{}');
    expect(payload).toMatchObject({ action: 'trainyard.retrain', client_payload: PAYLOAD });
  });

  it('starts nothing for a type, a branch or an event the workflow does not name', () => {
    expect(sandbox.dispatch('trainyard.heartbeat', PAYLOAD)).toEqual([]);
    expect(sandbox.push({ g: 'h' }, { user: 'ada', message: 'side', branch: 'side' })).toEqual([]);
    expect(sandbox.tick('echo.yml')).toEqual([]);
  });

  it('gives every event all that GitHub’s recorded payload of it has', () => {
    for (const { event } of sandbox.runs) {
      const { organization: _, installation: __, ...recorded } = exampleOf(event.name);
      expect(Object.keys(event.payload)).toEqual(expect.arrayContaining(Object.keys(recorded)));
    }
    expect(new Set(sandbox.runs.map(({ event }) => event.name)).size).toBeGreaterThan(1);
  });

  it('gives a comment run the default branch and the comment', async () => {
    const pull = sandbox.openPullRequest({ user: 'ada', branch: 'chat', title: 'Chat', files: { i: 'j' } });
    const [run] = sandbox.comment('eve', pull.number, '/train "epochs=1" $(whoami)');
    if (run === undefined) throw new Error('no run');
    await sandbox.finished(run);
    expect(outputOf(run, 'echo', 'sha')).toBe(sandbox.remote.resolve('main'));
    const payload = JSON.parse(outputOf(run, 'echo', 'event') ?? '{}');
    expect(payload.comment).toMatchObject({ body: '/train "epochs=1" $(whoami)', user: { login: 'eve' } });
    expect(payload.issue.pull_request.url).toContain(`/pulls/${pull.number}`);
  });
});

async function post(route: string, body: unknown): Promise<number> {
  return request(route, { method: 'POST', body: JSON.stringify(body) });
}

async function get(route: string): Promise<number> {
  return request(route, {});
}

async function request(route: string, init: RequestInit): Promise<number> {
  const response = await fetch(`${sandbox.github.addresses.api}/repos/acme/digits${route}`, {
    ...init,
    headers: { authorization: `Bearer ${sandbox.tokens.agent}` },
  });
  await response.arrayBuffer();
  return response.status;
}

async function lsRemote(token: string): Promise<string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const { web } = sandbox.github.addresses;
  const args = ['-c', `http.extraheader=AUTHORIZATION: basic ${basic}`, 'ls-remote', `${web}/acme/digits`];
  const { stdout } = await promisify(execFile)('git', args, {
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' },
  });
  return stdout;
}
