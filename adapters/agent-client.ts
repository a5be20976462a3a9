import { openAsBlob } from 'node:fs';
import { isUnreachable, ServiceError } from '../core/errors.ts';
import type { AgentPort } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import { type LateLabel, problemSchema, type SetTraffic, type Traffic } from '../core/serving/api.ts';
import { locate, type RouteParameters } from '../core/serving/locate.ts';
import type { Route } from '../core/serving/route.ts';
import { ROUTES } from '../core/serving/routes.ts';
import { longestUploadMs } from '../core/serving/upload-time.ts';
import {
  DEFAULT_TIMEOUT_MS,
  type HttpDependencies,
  type HttpRequest,
  type HttpResponse,
  requestJson,
  requestText,
} from './network/http.ts';

/** The agent answers traffic once its proxy runs on it: that may take so many times as long as another answer. */
const TRAFFIC_PATIENCE = 2;
/** An order that can't wait is tried so often, and each try given so long at most, in ms. */
const URGENT = { attempts: 2, timeoutMs: 8_000 } as const;
/** What a reverse proxy answers that can't reach the agent behind it. The agent's own answers are problems with a code. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([502, 503, 504]);
/** A host that is asked whether it is there again has so long to answer, in ms. */
const PROBE_TIMEOUT_MS = 3_000;

type AgentClientOptions = {
  /** Base URL of the agent's control API, e.g. `https://serve-1:9443`. */
  readonly url: string;
  readonly token: string;
  /** Environment that orders are given for. */
  readonly environment?: string;
  /** Time one attempt of a request may take, uploads apart, in ms. */
  readonly timeoutMs?: number;
  /** How often a request is tried in all. */
  readonly attempts?: number;
  readonly dependencies?: HttpDependencies;
};

/**
 * The agent's API as a port. Requests are retried within limits (all of them may be sent twice); what the agent refuses rejects
 * with a ServiceError that carries the agent's own code, reason and remedy.
 */
export function createAgentClient(options: AgentClientOptions): AgentPort {
  const call = createCall(options);
  const { environment } = options;
  const trafficTimeoutMs = TRAFFIC_PATIENCE * (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return {
    url: options.url,
    urgent: () => createAgentClient({ ...options, ...hurried(options) }),
    isUp: () => isUp(options),
    state: () => ask(call, ROUTES.state, {}),
    putBlob: async (digest, file) => {
      const body = await openAsBlob(file);
      // A host without room for it says so before a byte is sent.
      const asked = { parameters: { digest, bytes: body.size }, allow: [404] };
      if ((await call(ROUTES.findPackage, asked)).status === 200) return;
      const timeoutMs = longestUploadMs(body.size);
      await call(ROUTES.putPackage, { parameters: { digest }, body, timeoutMs });
    },
    startInstance: async (model, version, request) => {
      const response = await call(ROUTES.startInstance, { parameters: { model, version }, json: request });
      return read(ROUTES.startInstance, response);
    },
    getInstance: (model, version) => find(call, ROUTES.readInstance, { model, version }),
    stopInstance: async (model, version) => {
      await call(ROUTES.stopInstance, { parameters: { model, version }, allow: [404] });
    },
    getTraffic: (model) => find(call, ROUTES.readTraffic, { model }),
    setTraffic: (model, traffic, expected) =>
      setTraffic(call, {
        ...{ model, expected, timeoutMs: trafficTimeoutMs },
        traffic: { ...(environment !== undefined && { environment }), ...traffic },
      }),
    observations: async (model, rollout, after) =>
      (await ask(call, ROUTES.observations, { model, rollout, after })).observations,
    observationsSince: async (model, since, after) =>
      (await ask(call, ROUTES.observations, { model, since, after })).observations,
    hours: async (model, since) => (await find(call, ROUTES.hours, { model, since }))?.hours,
    windows: async (model, after) => (await ask(call, ROUTES.windows, { model, after })).windows,
    labels: async (model, version) => (await ask(call, ROUTES.labelCounts, { model, version })).counts,
  };
}

/** Gives an agent labels that came later, at most as many as one request may bring, and says how many it took and had not known. */
export async function sendLabels(
  options: AgentClientOptions,
  model: string,
  labels: readonly LateLabel[],
): Promise<{ readonly received: number; readonly added: number }> {
  const response = await createCall(options)(ROUTES.addLabels, {
    parameters: {},
    json: { model, labels: [...labels] },
  });
  return read(ROUTES.addLabels, response);
}

type CallRequest<P, B> = Omit<HttpRequest, 'url' | 'accept' | 'method' | 'json'> & {
  readonly parameters: P;
  readonly json?: B;
  /** Statuses beyond 2xx that are an answer. */
  readonly allow?: readonly number[];
};
type Response = HttpResponse<unknown> & { readonly endpoint: string };
type Call = <P extends RouteParameters, B>(
  route: Route<P, B>,
  request: CallRequest<P, B>,
) => Promise<Response>;

function hurried({ timeoutMs = DEFAULT_TIMEOUT_MS }: AgentClientOptions) {
  return { attempts: URGENT.attempts, timeoutMs: Math.min(timeoutMs, URGENT.timeoutMs) };
}

async function isUp({ url, dependencies }: AgentClientOptions): Promise<boolean> {
  const target = new URL(locate(ROUTES.health, {}), url);
  const probe = { timeoutMs: PROBE_TIMEOUT_MS, attempts: 1, accept: () => true };
  try {
    const { status, body } = await requestText({ url: target, ...probe }, dependencies);
    return !isFromGateway(status, body);
  } catch (thrown) {
    if (isUnreachable(thrown)) return false;
    throw thrown;
  }
}

function isFromGateway(status: number, text: string): boolean {
  return GATEWAY_STATUSES.has(status) && !isProblem(text);
}

function isProblem(text: string): boolean {
  try {
    return problemSchema.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
}

function createCall({ url, token, timeoutMs, attempts, dependencies }: AgentClientOptions): Call {
  return async (route, { parameters, allow = [], ...request }) => {
    const { method } = route;
    const target = new URL(locate(route, parameters), url);
    const endpoint = `${method} ${target.origin}${target.pathname}`;
    const response = await requestJson(
      {
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...(attempts !== undefined && { attempts }),
        ...request,
        isFromGateway,
        method,
        url: target,
        headers: { ...request.headers, authorization: `Bearer ${token}` },
        // A refusal (4xx but "too many requests", and a full disk) is read here, since it says why and what to do.
        accept: (status) => (status < 500 && status !== 429 && status !== 408) || status === 507,
        remedy: `Check that the agent runs and that ${target.host} is reachable from here, then run this again.`,
      },
      dependencies,
    );
    const isAnswer = (response.status >= 200 && response.status < 300) || allow.includes(response.status);
    if (!isAnswer) throw toServiceError(endpoint, response);
    return { ...response, endpoint };
  };
}

async function ask<P extends RouteParameters, A>(
  call: Call,
  route: Route<P, undefined, A>,
  parameters: P,
): Promise<A> {
  return read(route, await call(route, { parameters }));
}

/** The answer, or `undefined` where there is no such thing. */
async function find<P extends RouteParameters, A>(
  call: Call,
  route: Route<P, undefined, A>,
  parameters: P,
): Promise<A | undefined> {
  const response = await call(route, { parameters, allow: [404] });
  return response.status === 404 ? undefined : read(route, response);
}

type TrafficRequest = {
  readonly model: string;
  readonly traffic: SetTraffic;
  readonly expected: number | undefined;
  readonly timeoutMs: number;
};

/** A 412 may be our own write, made by an attempt whose answer was lost: traffic that is as asked for counts as set. */
async function setTraffic(
  call: Call,
  { model, traffic, expected, timeoutMs }: TrafficRequest,
): Promise<Result<Traffic, Traffic>> {
  const response = await call(ROUTES.setTraffic, {
    parameters: { model },
    json: traffic,
    headers: expected === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${expected}"` },
    timeoutMs,
    allow: [412],
  });
  if (response.status !== 412) return ok(read(ROUTES.setTraffic, response));
  const present = await find(call, ROUTES.readTraffic, { model });
  if (present === undefined) throw toServiceError(response.endpoint, response);
  const { revision, brake, ...set } = present;
  const isOurs = revision === (expected ?? 0) + 1 && brake === undefined && isSame(set, traffic);
  return isOurs ? ok(present) : err(present);
}

function isSame(left: object, right: object): boolean {
  return JSON.stringify(sortKeys(left)) === JSON.stringify(sortKeys(right));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}

function read<A>({ answer }: Route<unknown, unknown, A>, { endpoint, body }: Response): A {
  const parsed = answer.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ServiceError({
    code: 'agent-answer-unknown',
    message: `The agent answered something else than expected (${issue?.path.join('.')}: ${issue?.message}).`,
    remedy: 'Run an agent of the same Trainyard version as the actions.',
    where: { kind: 'endpoint', endpoint },
  });
}

function toServiceError(endpoint: string, { status, body }: HttpResponse<unknown>): ServiceError {
  const problem = problemSchema.safeParse(body);
  const { code, detail, remedy } = problem.success
    ? problem.data
    : {
        code: 'agent-refused',
        detail: `The agent answered ${status}.`,
        remedy: 'Check that this URL is that of a Trainyard agent.',
      };
  return new ServiceError({ code, message: detail, remedy, where: { kind: 'endpoint', endpoint } });
}
