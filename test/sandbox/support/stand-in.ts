import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { hydrateOctokit } from '../../../actions/job/hydrate-octokit.ts';
import { createGitHub } from '../../../adapters/github.ts';
import type { GitHub } from '../../../core/ports.ts';
import { createGitRemote, type GitRemote } from '../../../sandbox/github/git-remote.ts';
import { createRepository, type Repository } from '../../../sandbox/github/repository.ts';
import { type GitHubServer, startGitHubServer } from '../../../sandbox/github/server.ts';

const NAME = 'acme/digits';
const TOKENS = { ada: 'ada-token', bot: 'bot-token' } as const;
type Login = keyof typeof TOKENS;

/** What an endpoint answered. */
type Answered = { readonly status: number; readonly location: string | null; readonly body: unknown };

/** GitHub's stand-in without runners, and whoever calls it. */
export type StandIn = {
  readonly folder: string;
  readonly repository: Repository;
  readonly remote: GitRemote;
  readonly server: GitHubServer;
  /** Dispatches that would have started workflows, by type, in order. */
  readonly started: string[];
  readonly adapter: () => GitHub;
  readonly call: (
    method: string,
    route: string,
    body?: unknown,
    redirect?: 'follow' | 'manual',
    repository?: string,
  ) => Promise<Answered>;
  /** Runs git as a person; rejects with what git printed. */
  readonly git: (args: readonly string[], as?: Login) => Promise<string>;
};

/** Starts the stand-in for one repository of `ada` and `bot`; the caller stops its server and removes its folder. */
export async function startStandIn(): Promise<StandIn> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-stand-in-'));
  const repository = createRepository(NAME, { ada: 'maintain', bot: 'write' });
  const remote = createGitRemote(path.join(folder, 'remote.git'));
  const started: string[] = [];
  const server = await startGitHubServer({
    repository,
    remote,
    tokens: new Map(Object.entries(TOKENS).map(([login, token]) => [token, login])),
    onDispatch: (type) => {
      started.push(type);
    },
    describeRuns: () => [],
  });
  return {
    folder,
    repository,
    remote,
    server,
    started,
    adapter: () => {
      const apiUrl = server.addresses.api;
      const options = { apiUrl, token: TOKENS.bot, fetch: globalThis.fetch, retryAfterBaseMs: 1 };
      return createGitHub({ client: hydrateOctokit(options), apiUrl, repository: NAME });
    },
    call: async (method, route, body, redirect = 'follow', name = NAME) => {
      const response = await fetch(`${server.addresses.api}/repos/${name}${route}`, {
        method,
        redirect,
        headers: { authorization: `Bearer ${TOKENS.bot}` },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const location = response.headers.get('location');
      return { status: response.status, location, body: text === '' ? undefined : JSON.parse(text) };
    },
    git: (args, as = 'bot') => runGit(args, TOKENS[as]),
  };
}

async function runGit(args: readonly string[], token: string): Promise<string> {
  const basic = Buffer.from(`x-access-token:${token}`).toString('base64');
  const header = `http.extraheader=AUTHORIZATION: basic ${basic}`;
  const { stdout } = await promisify(execFile)('git', ['-c', header, ...args], {
    env: { ...process.env, GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_GLOBAL: '/dev/null' },
  });
  return stdout;
}
