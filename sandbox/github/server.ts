import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerAdmin } from './admin.ts';
import { answerCall } from './api.ts';
import type { Answer, ApiContext } from './api-answers.ts';
import { createFaultQueue, type FaultQueue, playFault } from './faults.ts';
import { serveGit } from './git-http.ts';
import type { GitRemote } from './git-remote.ts';
import { answerGraphql } from './graphql.ts';
import { createJobGates, type JobGates } from './job-gates.ts';
import { readJson } from './json.ts';
import { findMove, nameById } from './moves.ts';
import { createDeliveries, type Deliveries } from './on-demand/deliveries.ts';
import { createTokenLives, type TokenLives } from './on-demand/tokens.ts';
import { type ApiOperation, loadOperations } from './openapi.ts';
import type { Repository } from './repository.ts';
import type { Addresses } from './representations.ts';

const RATE_LIMIT = 5_000;
/** Both forms in which GitHub's API is found: at its own host, and below a GitHub Enterprise Server's. */
const API_PREFIX = /^\/(?:api\/v3\/)?(?=repos\/|repositories\/)/;
const GRAPHQL = /^\/(?:api\/)?graphql$/;

/** One request the stand-in answered, for assertions. `violations` are breaches of GitHub's own schemas. */
type Exchange = {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly user: string | undefined;
  readonly authorization: string | undefined;
  /** What was sent, parsed where it is JSON; git's own requests are passed on unread. */
  readonly body: unknown;
  readonly violations: readonly string[];
};

export type GitHubServer = {
  readonly addresses: Addresses;
  readonly port: number;
  readonly faults: FaultQueue;
  readonly tokens: TokenLives;
  readonly deliveries: Deliveries;
  readonly gates: JobGates;
  readonly exchanges: readonly Exchange[];
  readonly stop: () => Promise<void>;
};

type GitHubServerOptions = {
  readonly repository: Repository;
  readonly remote: GitRemote;
  /** Login of each token's holder; other tokens are refused. */
  readonly tokens: ReadonlyMap<string, string>;
  readonly onDispatch: ApiContext['onDispatch'];
  /** Whether a job has ended and left its concurrency group; without runners none ends. */
  readonly isJobOver?: (run: number, job: string) => boolean;
  /** A job asked in vain whether it may begin. */
  readonly onWaiting?: () => void;
  /** What `GET /_sandbox/runs` shows. */
  readonly describeRuns: () => unknown;
  /** A run of a workflow; without runners there is none. */
  readonly showRun?: ApiContext['showRun'];
  /** Host that its addresses name, for runners that reach it through a proxy; the loopback address when left out. */
  readonly hostName?: string;
};

type Running = Omit<GitHubServerOptions, 'tokens'> & {
  readonly tokens: TokenLives;
  readonly gates: JobGates;
  readonly operations: readonly ApiOperation[];
  readonly addresses: Addresses;
  readonly faults: FaultQueue;
  readonly exchanges: Exchange[];
  used: number;
};

/** Starts GitHub's API and git's smart HTTP for one repository on a free loopback port. */
export async function startGitHubServer(options: GitHubServerOptions): Promise<GitHubServer> {
  const operations = loadOperations();
  const exchanges: Exchange[] = [];
  const faults = createFaultQueue();
  const server = createServer();
  const port = await listen(server);
  const web = options.hostName === undefined ? `http://127.0.0.1:${port}` : `http://${options.hostName}`;
  const addresses = { api: `${web}/api/v3`, web };
  const tokens = createTokenLives(options.tokens);
  const gates = createJobGates(options.repository, options.isJobOver ?? (() => false));
  const deliveries = createDeliveries(options.onDispatch);
  const running: Running = {
    ...{ ...options, onDispatch: deliveries.deliver, tokens, gates },
    ...{ operations, addresses, faults, exchanges, used: 0 },
  };
  server.on('request', (request, response) => {
    answer(running, request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(JSON.stringify({ message: `the sandbox failed: ${String(error)}` }));
    });
  });
  return {
    addresses,
    port,
    faults,
    tokens,
    deliveries,
    gates,
    exchanges,
    stop: async () => {
      deliveries.stop();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      await promise;
    },
  };
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the sandbox has no address');
  return address.port;
}

async function answer(running: Running, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', running.addresses.web);
  const { pathname, searchParams } = url;
  if (pathname.startsWith('/_sandbox/')) return answerAdmin(running, request, response, pathname);
  const user = running.tokens.holderOf(tokenOf(request));
  const gitPath = gitPathOf(running.repository, pathname);
  const body = gitPath === undefined ? await readJson(request) : undefined;
  const record = (status: number, violations: readonly string[] = []): void => {
    const { authorization } = request.headers;
    running.exchanges.push({ method, path: pathname, status, user, authorization, body, violations });
  };
  const fault = running.faults.take(method, pathname);
  if (fault !== undefined) {
    record(playFault(fault, response));
    return;
  }
  if (gitPath !== undefined) {
    if (user === undefined) {
      record(401);
      response.writeHead(401, { 'www-authenticate': 'Basic realm="sandbox"' }).end();
      return;
    }
    const move = findMove(running.repository, pathname);
    if (move !== undefined) {
      record(301);
      response.writeHead(301, { location: `${running.addresses.web}${move}${url.search}` }).end();
      return;
    }
    await serveGit(request, response, running.remote.bare, gitPath, user);
    record(response.statusCode);
    return;
  }
  const { status, violations, ...rest } = answerApi(running, { method, pathname, searchParams, body, user });
  const asked = { url, known: request.headers['if-none-match'] };
  record(send(running, response, { status, ...rest }, asked), violations);
}

type ApiRequest = {
  readonly method: string;
  readonly pathname: string;
  readonly searchParams: URLSearchParams;
  readonly body: unknown;
  readonly user: string | undefined;
};

function answerApi(
  running: Running,
  { method, pathname, searchParams, body, user }: ApiRequest,
): Answer & { readonly violations?: readonly string[] } {
  if (user === undefined) return { status: 401, body: { message: 'Bad credentials' } };
  if (method === 'POST' && GRAPHQL.test(pathname)) return answerGraphql(body, user);
  const asked = pathname.replace(API_PREFIX, '/');
  const move = findMove(running.repository, asked);
  if (move !== undefined) return sendOn(`${running.addresses.api}${move}`, method, searchParams);
  const path = nameById(running.repository, asked);
  const operation = running.operations.find((known) => known.method === method && known.path.test(path));
  const parameters = operation?.path.exec(path)?.groups ?? {};
  const named = `${parameters['owner']}/${parameters['repo']}`;
  if (operation === undefined || named !== running.repository.fullName) {
    return {
      status: 404,
      body: { message: 'Not Found' },
      violations: operation === undefined ? [`the sandbox has no ${method} ${path}`] : [],
    };
  }
  const wrong = operation.checkRequest(body);
  if (wrong.length > 0) {
    const errors = wrong.map((message) => ({ resource: 'Sandbox', code: 'invalid', message }));
    return { status: 422, body: { message: 'Validation Failed', errors }, violations: wrong };
  }
  const context = {
    ...running,
    resolveRef: running.remote.resolve,
    showFile: running.remote.show,
    listChanges: running.remote.changes,
    pointRef: running.remote.pointRef,
    commit: running.remote.commit,
    showRun: running.showRun ?? (() => undefined),
  };
  const given = answerCall(operation.name, context, { parameters, query: searchParams, body, user });
  const violations = given.status < 300 ? operation.checkResponse(given.status, given.body) : [];
  return { ...given, violations };
}

/** Reads are moved for good; whatever writes is to be sent again as it was, which only a 307 says. */
function sendOn(address: string, method: string, query: URLSearchParams): Answer {
  const url = query.size === 0 ? address : `${address}?${query}`;
  const documentation_url =
    'https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects';
  const status = method === 'GET' || method === 'HEAD' ? 301 : 307;
  return { status, location: url, body: { message: 'Moved Permanently', url, documentation_url } };
}

type Asked = { readonly url: URL; readonly known: string | undefined };

/** Sends an answer and gives its status: what the caller has already is not sent again, nor counted. */
function send(running: Running, response: ServerResponse, given: Answer, { url, known }: Asked): number {
  const text = given.status === 204 ? undefined : JSON.stringify(given.body);
  const etag = given.status === 200 && text !== undefined ? etagOf(text) : undefined;
  if (etag !== undefined && etag === known) {
    response.writeHead(304, { etag }).end();
    return 304;
  }
  running.used += 1;
  const next = new URL(url);
  next.searchParams.set('page', String(Number(url.searchParams.get('page') ?? 1) + 1));
  response.writeHead(given.status, {
    'content-type': 'application/json; charset=utf-8',
    'x-github-api-version-selected': '2022-11-28',
    'x-ratelimit-limit': String(RATE_LIMIT),
    'x-ratelimit-remaining': String(Math.max(0, RATE_LIMIT - running.used)),
    'x-ratelimit-used': String(running.used),
    'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 3_600),
    'x-ratelimit-resource': 'core',
    ...(etag !== undefined && { etag }),
    ...(given.location !== undefined && { location: given.location }),
    ...(given.more === true && { link: `<${next.href}>; rel="next"` }),
  });
  response.end(text);
  return given.status;
}

function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('hex')}"`;
}

function gitPathOf({ fullName, formerNames }: Repository, pathname: string): string | undefined {
  const match =
    /^\/(?<name>[^/]+\/[^/]+?)(?:\.git)?(?<rest>\/(?:info\/refs|git-(?:upload|receive)-pack))$/.exec(
      pathname,
    );
  const { name = '', rest } = match?.groups ?? {};
  return name === fullName || formerNames.has(name) ? rest : undefined;
}

function tokenOf(request: IncomingMessage): string | undefined {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  if (scheme.toLowerCase() !== 'basic') return value;
  return Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':');
}
