import type { z } from 'zod';
import {
  agentStateSchema,
  instanceSchema,
  labelCountsSchema,
  labelsSchema,
  observationsSchema,
  setTrafficSchema,
  startInstanceSchema,
  trafficSchema,
  windowsSchema,
} from '../../core/serving/api.ts';
import type { Role } from '../options/tokens.ts';

/** One path of the API as its description tells of it. Paths are written as Hono writes them. */
export type Endpoint = {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  readonly path: string;
  readonly summary: string;
  /** The least role that may call it; `undefined` for everyone. */
  readonly role: Role | undefined;
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  readonly request?: z.ZodType | 'bytes';
  readonly response?: z.ZodType;
  readonly statuses: readonly number[];
};

/** Every path of the API, in the order people read them. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'get', path: '/', summary: 'Live page for people.', role: undefined, statuses: [200] },
  { method: 'get', path: '/healthz', summary: 'The agent runs.', role: undefined, statuses: [200] },
  {
    method: 'get',
    path: '/readyz',
    summary: 'The proxy answers; 503 when it does not.',
    role: undefined,
    statuses: [200, 503],
  },
  {
    method: 'get',
    path: '/openapi.json',
    summary: 'This description.',
    role: undefined,
    statuses: [200],
  },
  {
    method: 'get',
    path: '/metrics',
    summary: 'Counters in the Prometheus text format.',
    role: 'reader',
    statuses: [200],
  },
  {
    method: 'get',
    path: '/v1/state',
    summary: 'Everything about this host.',
    role: 'reader',
    response: agentStateSchema,
    statuses: [200],
  },
  {
    method: 'get',
    path: '/v1/packages/:digest',
    summary: 'Whether a file is here; HEAD will do.',
    role: 'reader',
    statuses: [200, 404],
  },
  {
    method: 'put',
    path: '/v1/packages/:digest',
    summary: 'Stores a file under its SHA-256, which is checked: 201 when stored, 204 when it was here.',
    role: 'deployer',
    request: 'bytes',
    statuses: [201, 204, 413, 422],
  },
  {
    method: 'get',
    path: '/v1/models/:model/instances/:version',
    summary: 'State of one model version.',
    role: 'reader',
    response: instanceSchema,
    statuses: [200, 404],
  },
  {
    method: 'put',
    path: '/v1/models/:model/instances/:version',
    summary: 'Starts a package without traffic. Idempotent; after a failure it tries anew.',
    role: 'deployer',
    request: startInstanceSchema,
    response: instanceSchema,
    statuses: [202, 409, 422],
  },
  {
    method: 'delete',
    path: '/v1/models/:model/instances/:version',
    summary: 'Stops a version once its open requests are answered; 409 while it takes traffic.',
    role: 'deployer',
    response: instanceSchema,
    statuses: [202, 404, 409],
  },
  {
    method: 'get',
    path: '/v1/models/:model/traffic',
    summary: 'How requests are shared out; its revision is the ETag.',
    role: 'reader',
    response: trafficSchema,
    statuses: [200, 404],
  },
  {
    method: 'put',
    path: '/v1/models/:model/traffic',
    summary: 'Shares requests out anew and renews the lease; answers once the proxy runs on it.',
    role: 'deployer',
    headers: ['If-Match', 'If-None-Match'],
    request: setTrafficSchema,
    response: trafficSchema,
    statuses: [200, 409, 412, 422, 428, 503],
  },
  {
    method: 'get',
    path: '/v1/models/:model/observations',
    summary: 'Polls of both versions, oldest first, at most 1,000.',
    role: 'reader',
    query: ['after', 'rollout'],
    response: observationsSchema,
    statuses: [200],
  },
  {
    method: 'get',
    path: '/v1/models/:model/windows',
    summary: 'Closed capture windows, oldest first, at most 1,000.',
    role: 'reader',
    query: ['after'],
    response: windowsSchema,
    statuses: [200],
  },
  {
    method: 'get',
    path: '/v1/models/:model/labels',
    summary:
      'Late labels of a version, counted by day and confidence bin, and how many predictions they show right.',
    role: 'reader',
    query: ['version'],
    response: labelCountsSchema,
    statuses: [200],
  },
  {
    method: 'post',
    path: '/v1/labels',
    summary: 'Late labels by prediction id; ones already known are ignored.',
    role: 'labeler',
    request: labelsSchema,
    statuses: [200],
  },
];
