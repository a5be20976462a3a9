import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../../../adapters/run-command.ts';
import { createGitRemote } from '../../../sandbox/github/git-remote.ts';
import { beginLedger } from '../../adapters/support/begin-ledger.ts';

const MAIN = import.meta.resolve('../../../actions/plan/main.ts');

/** What GitHub's API was asked while the plan action ran, and what the action left behind. */
export type PlanRun = {
  readonly code: number | undefined;
  readonly outputs: ReadonlyMap<string, string>;
  readonly reactions: readonly string[];
  readonly comments: readonly string[];
  readonly log: string;
};

type RunOptions = {
  readonly config: string;
  /** What the file said before on the default branch, oldest first; its last commit has `config`. */
  readonly past?: readonly string[];
  readonly payload: unknown;
  /** Address of the git host; without it a fresh repository on this disk. */
  readonly remote?: string;
  /** Role of everybody. */
  readonly role?: string;
  /** Whether the API takes no comments and no reactions. */
  readonly isMute?: boolean;
};

/** Runs the plan action for a comment as a runner would: with a workspace, an event file, and an API that notes what it is asked. */
export async function runPlan(options: RunOptions): Promise<PlanRun> {
  const folder = mkdtempSync(path.join(tmpdir(), 'plan-'));
  const at = (name: string) => path.join(folder, name);
  const remote = options.remote ?? makeRemote(at('remote.git'), [...(options.past ?? []), options.config]);
  execFileSync('git', ['init', '--quiet', at('workspace')]);
  execFileSync('git', ['-C', at('workspace'), 'remote', 'add', 'origin', remote]);
  writeFileSync(path.join(at('workspace'), 'trainyard.yml'), options.config);
  writeFileSync(at('event.json'), JSON.stringify(options.payload));
  for (const file of ['output', 'summary']) writeFileSync(at(file), '');
  const api = await startApi(options.role ?? 'write', options.isMute === true);
  const { code, stdout, stderr } = await runCommand({
    command: process.execPath,
    args: ['--input-type=module', '--eval', `await (await import(${JSON.stringify(MAIN)})).main();`],
    env: {
      ...{ PATH: process.env['PATH'], HOME: folder, GITHUB_WORKSPACE: at('workspace'), RUNNER_TEMP: folder },
      ...{ GITHUB_EVENT_NAME: 'issue_comment', GITHUB_EVENT_PATH: at('event.json') },
      ...{
        GITHUB_OUTPUT: at('output'),
        GITHUB_STEP_SUMMARY: at('summary'),
        GITHUB_REPOSITORY: 'acme/digits',
      },
      ...{ GITHUB_RUN_ID: '1', GITHUB_RUN_ATTEMPT: '1', GITHUB_SHA: 'b'.repeat(40), GITHUB_ACTOR: 'ann' },
      ...{
        GITHUB_API_URL: api.url,
        GITHUB_SERVER_URL: 'http://127.0.0.1:9',
        'INPUT_GITHUB-TOKEN': 'ghs_test',
      },
    },
    timeoutMs: 60_000,
  });
  await api.close();
  return {
    code,
    outputs: readOutputs(readFileSync(at('output'), 'utf8')),
    reactions: api.reactions,
    comments: api.comments,
    log: `${Buffer.from(stdout)}${Buffer.from(stderr)}`,
  };
}

/** A repository whose ledger a person has begun: no host answers that could say that there was none. */
function makeRemote(folder: string, texts: readonly string[]): string {
  const remote = createGitRemote(folder);
  for (const text of texts) {
    const files = { 'trainyard.yml': text };
    remote.commit({ branch: 'main', files, message: 'Say it', author: 'ann' });
  }
  beginLedger(remote, 'ann');
  return folder;
}

async function startApi(role: string, isMute: boolean) {
  const reactions: string[] = [];
  const comments: string[] = [];
  const answer = (method: string, url: string, body: Record<string, string>): readonly [number, unknown] => {
    if (url.endsWith('/permission')) return [200, { permission: role, role_name: role }];
    if (method === 'GET') return url.includes('/comments') ? [200, []] : [404, { message: 'Not Found' }];
    if (isMute) return [403, { message: 'Resource not accessible by integration' }];
    if (url.endsWith('/reactions')) reactions.push(body['content'] ?? '');
    else comments.push(body['body'] ?? '');
    return [201, { id: 9, html_url: 'http://github.test/9' }];
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const [status, body] = answer(
      request.method ?? '',
      request.url ?? '',
      text === '' ? {} : JSON.parse(text),
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    reactions,
    comments,
    url: `http://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

function readOutputs(text: string): ReadonlyMap<string, string> {
  const form = /^(?<name>[\w-]+)<<(?<mark>\S+)\n(?<value>[\s\S]*?)\n\k<mark>$/gm;
  return new Map(
    [...text.matchAll(form)].map(({ groups }) => [groups?.['name'] ?? '', groups?.['value'] ?? '']),
  );
}
