import { openAsBlob } from 'node:fs';
import type { z } from 'zod';
import { isUnreachable, ServiceError } from '../core/errors.ts';
import type { AgentPort } from '../core/ports.ts';
import { err, ok, type Result } from '../core/result.ts';
import {
  agentStateSchema,
  instanceSchema,
  labelCountsSchema,
  observationsSchema,
  problemSchema,
  type SetTraffic,
  type Traffic,
  trafficSchema,
  windowsSchema,
} from '../core/serving/api.ts';
import {
  DEFAULT_TIMEOUT_MS,
  type HttpDependencies,
  type HttpRequest,
  type HttpResponse,
  requestJson,
  requestText,
} from './http.ts';

/** Packages are large and links to serving hosts may be slow, in ms. */
const UPLOAD_TIMEOUT_MS = 30 * 60_000;
/** The agent answers traffic once its proxy runs on it: that may take so many times as long as another answer. */
const TRAFFIC_PATIENCE = 2;
/** A host that is asked whether it is there again has so long to answer, in ms. */
const PROBE_TIMEOUT_MS = 3_000;

export type AgentClientOptions = {
  /** Base URL of the agent's control API, e.g. `https://serve-1:9443`. */
  readonly url: string;
  readonly token: string;
  /** Time one attempt of a request may take, uploads apart, in ms. */
  readonly timeoutMs?: number;
  readonly dependencies?: HttpDependencies;
};

/**
 * The agent's API as a port. Requests are retried within limits (all of them may be sent twice); what the agent refuses rejects
 * with a ServiceError that carries the agent's own code, reason and remedy.
 */
export function createAgentClient(options: AgentClientOptions): AgentPort {
  const call = createCall(options);
  const trafficTimeoutMs = TRAFFIC_PATIENCE * (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return {
    url: options.url,
    isUp: () => isUp(options),
    state: async () => read(agentStateSchema, await call({ path: '/v1/state' })),
    putBlob: async (digest, file) => {
      const path = `/v1/packages/${digest}`;
      const head = await call({ path, method: 'HEAD', allow: [404] });
      if (head.status === 200) return;
      await call({ path, method: 'PUT', body: await openAsBlob(file), timeoutMs: UPLOAD_TIMEOUT_MS });
    },
    startInstance: async (model, version, request) =>
      read(instanceSchema, await call({ path: instancePath(model, version), method: 'PUT', json: request })),
    getInstance: async (model, version) => {
      const response = await call({ path: instancePath(model, version), allow: [404] });
      return response.status === 404 ? undefined : read(instanceSchema, response);
    },
    stopInstance: async (model, version) => {
      await call({ path: instancePath(model, version), method: 'DELETE', allow: [404] });
    },
    getTraffic: (model) => getTraffic(call, model),
    setTraffic: (model, traffic, expected) =>
      setTraffic(call, model, { traffic, expected, timeoutMs: trafficTimeoutMs }),
    observations: async (model, rollout, after) => {
      const query = new URLSearchParams({ rollout, after: String(after) });
      const response = await call({ path: `/v1/models/${model}/observations?${query}` });
      return read(observationsSchema, response).observations;
    },
    windows: async (model, after) =>
      read(windowsSchema, await call({ path: `/v1/models/${model}/windows?after=${after}` })).windows,
    labels: async (model, version) =>
      read(labelCountsSchema, await call({ path: `/v1/models/${model}/labels?version=${version}` })).counts,
  };
}

type CallRequest = Omit<HttpRequest, 'url' | 'accept'> & {
  readonly path: string;
  /** Statuses beyond 2xx that are an answer. */
  readonly allow?: readonly number[];
};
type Response = HttpResponse<unknown> & { readonly endpoint: string };
type Call = (request: CallRequest) => Promise<Response>;

async function isUp({ url, dependencies }: AgentClientOptions): Promise<boolean> {
  const request = { url: new URL('/healthz', url), timeoutMs: PROBE_TIMEOUT_MS, attempts: 1 };
  try {
    await requestText({ ...request, accept: () => true }, dependencies);
    return true;
  } catch (thrown) {
    if (isUnreachable(thrown)) return false;
    throw thrown;
  }
}

function createCall({ url, token, timeoutMs, dependencies }: AgentClientOptions): Call {
  return async ({ path, allow = [], ...request }) => {
    const target = new URL(path, url);
    const endpoint = `${request.method ?? 'GET'} ${target.origin}${target.pathname}`;
    const response = await requestJson(
      {
        ...(timeoutMs !== undefined && { timeoutMs }),
        ...request,
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

async function getTraffic(call: Call, model: string): Promise<Traffic | undefined> {
  const response = await call({ path: trafficPath(model), allow: [404] });
  return response.status === 404 ? undefined : read(trafficSchema, response);
}

/** A 412 may be our own write, made by an attempt whose answer was lost: traffic that is as asked for counts as set. */
async function setTraffic(
  call: Call,
  model: string,
  {
    traffic,
    expected,
    timeoutMs,
  }: {
    readonly traffic: SetTraffic;
    readonly expected: number | undefined;
    readonly timeoutMs: number;
  },
): Promise<Result<Traffic, Traffic>> {
  const condition = expected === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${expected}"` };
  const response = await call({
    path: trafficPath(model),
    method: 'PUT',
    json: traffic,
    headers: condition,
    timeoutMs,
    allow: [412],
  });
  if (response.status !== 412) return ok(read(trafficSchema, response));
  const present = await getTraffic(call, model);
  if (present === undefined) {
    throw toServiceError(response.endpoint, response);
  }
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

function instancePath(model: string, version: string): string {
  return `/v1/models/${encodeURIComponent(model)}/instances/${encodeURIComponent(version)}`;
}

function trafficPath(model: string): string {
  return `/v1/models/${encodeURIComponent(model)}/traffic`;
}

function read<T>(schema: z.ZodType<T>, { endpoint, body }: Response): T {
  const parsed = schema.safeParse(body);
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
