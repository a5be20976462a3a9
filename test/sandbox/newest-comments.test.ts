import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { addComment, addIssue } from '../../sandbox/github/repository.ts';
import { type StandIn, startStandIn } from './support/stand-in.ts';

let standIn: StandIn;

beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(async () => {
  await standIn.server.stop();
  rmSync(standIn.folder, { recursive: true, force: true });
});

test('the newest comments of a repository are read, and read again at no cost while nothing changes', async () => {
  const { repository, server, adapter } = standIn;
  const { number: issue } = addIssue(repository, { user: 'ada', title: 'Serve', body: '' });
  const { number: other } = addIssue(repository, { user: 'ada', title: 'Another', body: '' });
  const github = adapter();
  const { signal } = new AbortController();
  expect(await github.newestComments(signal)).toEqual([]);
  addComment(repository, issue, 'ada', '/status');
  const last = addComment(repository, other, 'bot', '/rollback');
  const newest = { id: last.id, user: 'bot', body: '/rollback', at: last.createdAt };
  const comments = await github.newestComments(signal);
  expect(comments).toEqual([newest, expect.objectContaining({ user: 'ada', body: '/status' })]);
  expect(await github.newestComments(signal)).toEqual(comments);
  for (let more = 0; more < 40; more += 1) addComment(repository, issue, 'ada', `${more}`);
  expect((await github.newestComments(signal)).map(({ body }) => body).slice(0, 2)).toEqual(['39', '38']);
  const asked = server.exchanges.filter(({ path }) => path.endsWith('/issues/comments'));
  expect(asked.map(({ status }) => status)).toEqual([200, 200, 304, 200]);
  expect(asked.flatMap(({ violations }) => violations)).toEqual([]);
});
