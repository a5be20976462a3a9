import { rmSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addComment, addIssue } from '../../sandbox/github/repository.ts';
import { type StandIn, startStandIn } from './support/stand-in.ts';

/** Time to start on a busy machine. */
const START_MS = 60_000;

const MARKER = '<!-- trainyard -->';
const textsSchema = z.array(z.object({ body: z.string(), user: z.object({ login: z.string() }) }));

let github: StandIn;

beforeAll(async () => {
  github = await startStandIn();
}, START_MS);
afterAll(async () => {
  await github.server.stop();
  rmSync(github.folder, { recursive: true, force: true });
});
beforeEach(() => github.server.faults.clear());

const textsAt = async (route: string) =>
  textsSchema.parse((await github.call('GET', route)).body).map(({ body, user }) => [user.login, body]);

describe('issues and comments', () => {
  it('are whoever’s wrote them, our marker in them or not, also after another has edited them', async () => {
    const issue = addIssue(github.repository, { user: 'eve', title: 'Drift', body: `${MARKER} mine` });
    const comment = addComment(github.repository, issue.number, 'mallory', `${MARKER} forged`);
    await github.call('POST', `/issues/${issue.number}/comments`, { body: `${MARKER} ours` });
    await github.call('PATCH', `/issues/comments/${comment.id}`, { body: `${MARKER} edited` });
    expect(await textsAt('/issues')).toEqual([['eve', `${MARKER} mine`]]);
    expect(await textsAt(`/issues/${issue.number}/comments`)).toEqual([
      ['mallory', `${MARKER} edited`],
      ['bot', `${MARKER} ours`],
    ]);
  });
});

describe('the adapter', () => {
  it('writes its report into a comment of its own, whoever else carries its marker, and finds it again', async () => {
    const head = { repository: 'acme/digits', branch: 'try', sha: 'a'.repeat(40) };
    const pull = addIssue(github.repository, { user: 'ada', title: 'Try', body: MARKER, head });
    const forged = addComment(github.repository, pull.number, 'eve', `${MARKER}\nhers`);
    const quoted = addComment(github.repository, pull.number, 'bot', `eve wrote: ${MARKER}`);
    await github.adapter().upsertComment(pull.number, MARKER, 'one');
    await github.adapter().upsertComment(pull.number, MARKER, (previous) => `${previous} and two`);
    expect(
      [...github.repository.comments.values()].filter(({ issue }) => issue === pull.number),
    ).toMatchObject([
      { id: forged.id, user: 'eve', body: `${MARKER}\nhers` },
      { id: quoted.id, user: 'bot', body: `eve wrote: ${MARKER}` },
      { user: 'bot', body: `${MARKER}\none and two` },
    ]);
  });

  it('opens, rewrites and closes an alert of its own, and no issue of another that carries the mark', async () => {
    const mark = '<!-- trainyard:monitor/digits/production -->';
    const hers = addIssue(github.repository, { user: 'eve', title: 'Hers', body: `${mark}\nhers` });
    await github.adapter().closeIssue(mark, 'over');
    expect(hers).toMatchObject({ title: 'Hers', body: `${mark}\nhers`, state: 'open' });
    const ours = await github.adapter().upsertIssue('Drift', mark, 'one');
    expect(ours).not.toBe(hers.number);
    expect(await github.adapter().upsertIssue('Drift again', mark, 'two')).toBe(ours);
    await github.adapter().closeIssue(mark, 'over');
    expect(github.repository.issues.get(ours)).toMatchObject({ title: 'Drift again', state: 'closed' });
    expect(hers).toMatchObject({ title: 'Hers', body: `${mark}\nhers`, state: 'open' });
    expect(github.server.exchanges.flatMap(({ violations }) => violations)).toEqual([]);
  });

  it('writes nothing where it can’t tell its own: it says what was answered', async () => {
    const issue = addIssue(github.repository, { user: 'ada', title: 'Chat', body: '' });
    addComment(github.repository, issue.number, 'eve', MARKER);
    github.server.faults.add({ path: '/graphql', times: 9, answer: { status: 403 } });
    await expect(github.adapter().upsertComment(issue.number, MARKER, 'x')).rejects.toThrow(
      /GitHub answered 403/,
    );
  });
});

describe('limits of rate', () => {
  it.each([
    [
      'rate-limit',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': expect.stringMatching(/^\d+$/) },
    ],
    ['secondary-limit', 429, { 'retry-after': '1' }],
  ] as const)(
    'are answered on demand: a %s by %i, with when to come back',
    async (answer, status, headers) => {
      github.server.faults.add({ path: '/dispatches', answer });
      const send = () =>
        fetch(`${github.server.addresses.api}/repos/acme/digits/dispatches`, {
          method: 'POST',
          headers: { authorization: 'Bearer bot-token' },
          body: JSON.stringify({ event_type: 'x' }),
        });
      const response = await send();
      expect(response.status).toBe(status);
      expect(Object.fromEntries(response.headers)).toMatchObject(headers);
      expect((await send()).status).toBe(204);
    },
  );
});
