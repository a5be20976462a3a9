import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { readCommand } from '../../cli/read-command.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { createStranger, fileWith } from './support/stranger.ts';

type Comment = { id: number; body: string; user: { login: string } };

/** A thread of GitHub with these comments; `bot` speaks, unless it may not. */
async function startThread(comments: Comment[], isReadOnly = false) {
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { body = '' } = text === '' ? {} : JSON.parse(text);
    const at = /comments\/(?<id>\d+)/.exec(request.url ?? '')?.groups?.['id'];
    const answer = (): readonly [number, unknown] => {
      if (request.url === '/graphql') return [200, { data: { viewer: { login: 'bot' } } }];
      if (request.method === 'GET') return [200, comments];
      if (isReadOnly) return [403, { message: 'Resource not accessible by integration' }];
      const known = comments.find(({ id }) => String(id) === at);
      if (known === undefined) comments.push({ id: 70 + comments.length, body, user: { login: 'bot' } });
      else known.body = body;
      return [200, {}];
    };
    const [status, json] = answer();
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

/** Runs the check as a step of a job does, and gives its exit code, its lines and the summary. */
async function runCheck(folder: string, url: string) {
  const temp = mkdtempSync(path.join(tmpdir(), 'ty-job-'));
  onTestFinished(() => rmSync(temp, { recursive: true }));
  const summary = path.join(temp, 'summary.md');
  const event = path.join(temp, 'event.json');
  writeFileSync(summary, '');
  writeFileSync(event, JSON.stringify({ pull_request: { number: 7 } }));
  const trouble: string[] = [];
  const asked = readCommand(['check', '--comment'], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const code = await asked.command.run(asked.given, {
    ...{ root: ROOT, cwd: folder },
    env: {
      ...{ GITHUB_TOKEN: 'ghs_1', GITHUB_REPOSITORY: 'acme/flats', GITHUB_RUN_ID: '9' },
      ...{ GITHUB_EVENT_PATH: event, GITHUB_STEP_SUMMARY: summary },
      ...{ GITHUB_API_URL: url, GITHUB_GRAPHQL_URL: `${url}/graphql` },
    },
    print: { line: () => undefined, trouble: (line) => void trouble.push(line), annotate: () => undefined },
  });
  return { code, trouble, summary: readFileSync(summary, 'utf8') };
}

const WRONG = fileWith('trainyard.yml', 'margin: 2%', 'margn: 2%');

test('tells a pull request once what is wrong, edits that when it is mended, and leaves others’ comments', async () => {
  const comments: Comment[] = [
    { id: 1, body: '<!-- trainyard:check/trainyard.yml -->\nmine', user: { login: 'eve' } },
  ];
  const url = await startThread(comments);
  const wrong = await runCheck(createStranger(WRONG), url);
  expect(wrong.code).toBe(1);
  expect(comments[1]?.body).toMatch(/^<!-- trainyard:check\/trainyard\.yml -->\n### ❌ Check failed/);
  expect(comments[1]?.body).toContain('`trainyard.yml:9`');
  expect(comments[1]?.body).toContain('Did you mean `margin`?');
  const right = await runCheck(createStranger(), url);
  expect(right.code).toBe(0);
  expect(comments).toHaveLength(2);
  expect(comments[1]?.body).toContain('### ✅ Check passed');
  expect(comments[0]?.body).toMatch(/mine$/);
});

test('tells nobody the token that the comment is written by', async () => {
  const comments: Comment[] = [];
  const naming = fileWith('trainyard.yml', 'path: ml/data/unseen.csv', `path: "$${'{GITHUB_TOKEN}'}"`);
  const { summary } = await runCheck(createStranger(naming), await startThread(comments));
  expect(comments[0]?.body).toContain('The variable GITHUB\\_TOKEN has no value');
  expect(`${comments[0]?.body}${summary}`).not.toContain('ghs_1');
});

test('says nothing in a pull request that nothing is wrong with', async () => {
  const comments: Comment[] = [];
  const { code, summary } = await runCheck(createStranger(), await startThread(comments));
  expect([code, comments]).toEqual([0, []]);
  expect(summary).toContain('### ✅ Check passed');
});

test('has it in the summary where no comment may be written', async () => {
  const { code, trouble, summary } = await runCheck(createStranger(WRONG), await startThread([], true));
  expect(code).toBe(1);
  expect(summary).toContain('Did you mean `margin`?');
  expect(trouble.join()).toMatch(/could not be written.*pull-requests: write/);
});
