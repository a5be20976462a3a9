import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addIssue, renameRepository } from '../../sandbox/github/repository.ts';
import { type StandIn, startStandIn } from './support/stand-in.ts';

/** Time to start on a busy machine. */
const START_MS = 60_000;

let github: StandIn;

beforeAll(async () => {
  github = await startStandIn();
}, START_MS);
afterAll(async () => {
  await github.server.stop();
  rmSync(github.folder, { recursive: true, force: true });
});

describe('a repository without Issues', () => {
  beforeEach(() => {
    github.repository.hasIssues = false;
    return () => {
      github.repository.hasIssues = true;
    };
  });

  it('answers 410 to whoever lists or opens an issue, and the adapter says what helps', async () => {
    await expect(github.adapter().upsertIssue('Drift', '<!-- drift -->', 'one')).rejects.toMatchObject({
      problem: {
        message: expect.stringContaining('410'),
        remedy: "Switch Issues on in the settings of acme/digits, or read the job's summary.",
      },
    });
    expect(await github.call('GET', '/issues')).toMatchObject({ status: 410 });
    expect(await github.call('POST', '/issues', { title: 'Drift' })).toMatchObject({
      status: 410,
      body: { message: 'Issues are disabled for this repo' },
    });
    expect(github.server.exchanges.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('answers 410 of an issue that it has, and still takes comments on a pull request', async () => {
    const issue = addIssue(github.repository, { user: 'ada', title: 'Old', body: '' });
    const head = { repository: 'acme/digits', branch: 'try', sha: 'a'.repeat(40) };
    const pull = addIssue(github.repository, { user: 'ada', title: 'Try', body: '', head });
    expect((await github.call('GET', `/issues/${issue.number}`)).status).toBe(410);
    expect((await github.call('PATCH', `/issues/${issue.number}`, { body: 'x' })).status).toBe(410);
    expect((await github.call('POST', `/issues/${issue.number}/comments`, { body: 'x' })).status).toBe(410);
    expect((await github.call('POST', `/issues/${pull.number}/comments`, { body: 'x' })).status).toBe(201);
  });
});

describe('a repository that was renamed', () => {
  beforeEach(() => {
    renameRepository(github.repository, 'acme/numbers');
    return () => renameRepository(github.repository, 'acme/digits');
  });

  it('sends reads on with 301 and writes with 307, to its number', async () => {
    const read = await github.call('GET', '/issues?state=all', undefined, 'manual');
    expect([read.status, read.location]).toEqual([
      301,
      `${github.server.addresses.api}/repositories/${github.repository.id}/issues?state=all`,
    ]);
    const written = await github.call('POST', '/dispatches', { event_type: 'x' }, 'manual');
    expect([written.status, written.location]).toEqual([
      307,
      `${github.server.addresses.api}/repositories/${github.repository.id}/dispatches`,
    ]);
  });

  it('is read and written by the adapter under its former name', async () => {
    const adapter = github.adapter();
    expect(await adapter.permissionOf('ada')).toBe('maintain');
    const issue = await adapter.upsertIssue('Moved', '<!-- moved -->', 'one');
    expect(await adapter.upsertIssue('Moved', '<!-- moved -->', 'two')).toBe(issue);
    expect(github.repository.issues.get(issue)?.body).toContain('two');
    const before = github.repository.dispatches.length;
    expect((await github.call('POST', '/dispatches', { event_type: 'x' })).status).toBe(204);
    expect(github.repository.dispatches).toHaveLength(before + 1);
  });

  it('is no repository for whoever names one that never was', async () => {
    expect((await github.call('GET', '/issues', undefined, 'follow', 'acme/other')).status).toBe(404);
  });

  it('is reached by git under its former name', async () => {
    github.remote.commit({ branch: 'main', files: { a: 'b' }, message: 'begin', author: 'ada' });
    const before = github.server.exchanges.length;
    expect(await github.git(['ls-remote', `${github.server.addresses.web}/acme/digits`])).toContain(
      'refs/heads/main',
    );
    const asked = github.server.exchanges.slice(before).map(({ status, path }) => [status, path]);
    expect(asked).toEqual([
      [301, '/acme/digits/info/refs'],
      [200, '/acme/numbers/info/refs'],
      [200, '/acme/numbers/git-upload-pack'],
    ]);
  });
});
