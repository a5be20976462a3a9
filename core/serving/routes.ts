import { z } from 'zod';
import { digestOf, digestSchema } from '../identity/digest.ts';
import { modelNameSchema } from '../identity/model-name.ts';
import { versionSchema } from '../identity/version.ts';
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
} from './api.ts';
import { NO_PARAMETERS, NOTHING, route } from './route.ts';

const ofModel = z.object({ model: modelNameSchema });
const ofVersion = z.object({ model: modelNameSchema, version: versionSchema });
/** With or without the `sha256:` in front. */
const ofDigest = z.object({
  digest: z
    .string()
    .transform((digest) => (digest.includes(':') ? digest : digestOf(digest)))
    .pipe(digestSchema),
});
/** How many files were deleted, and their bytes. */
const deletedSchema = z.object({ files: z.number().int(), bytes: z.number().int() });
/** Rows with a greater sequence number. */
const after = z.coerce.number().int().nonnegative().default(0);

const readiness = z.object({
  status: z.enum(['ready', 'proxy-down', 'no-version-ready']),
  /** Versions that are being started. */
  starting: z.number().int(),
});
const READINESS = { 200: 'It would.', 503: 'The proxy takes no requests, or no version is ready.' } as const;

/** Every route of the agent's API, in the order people read them. */
export const ROUTES = {
  page: route({
    method: 'GET',
    path: '/',
    summary: 'Live page for people.',
    role: undefined,
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: z.string(),
    media: 'text/html; charset=utf-8',
    done: { 200: 'The page.' },
  }),
  health: route({
    method: 'GET',
    path: '/healthz',
    summary: 'The agent runs.',
    role: undefined,
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: z.object({ status: z.literal('ok') }),
    done: { 200: 'It runs.' },
  }),
  readiness: route({
    method: 'GET',
    path: '/readyz',
    summary: 'A prediction would be answered, of one model at least; 503 when none would.',
    role: undefined,
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: readiness,
    done: READINESS,
  }),
  modelReadiness: route({
    method: 'GET',
    path: '/readyz/{model}',
    summary: 'A prediction of this model would be answered; 503 when it would not.',
    role: undefined,
    parameters: ofModel,
    body: NOTHING,
    answer: readiness,
    done: READINESS,
  }),
  description: route({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This description.',
    role: undefined,
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: z.looseObject({ openapi: z.string() }),
    done: { 200: 'The description (OpenAPI 3.1).' },
  }),
  metrics: route({
    method: 'GET',
    path: '/metrics',
    summary: 'Counters in the Prometheus text format.',
    role: 'reader',
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: z.string(),
    media: 'text/plain; version=0.0.4; charset=utf-8',
    done: { 200: 'The counters.' },
  }),
  state: route({
    method: 'GET',
    path: '/v1/state',
    summary: 'Everything about this host.',
    role: 'reader',
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: agentStateSchema,
    done: { 200: 'The state.' },
  }),
  findPackage: route({
    method: 'GET',
    path: '/v1/packages/{digest}',
    summary: 'Whether a file is here, or there is room for one of so many `bytes`; HEAD will do.',
    role: 'reader',
    parameters: ofDigest.extend({ bytes: z.coerce.number().int().positive().optional() }),
    body: NOTHING,
    answer: z.object({ digest: digestSchema }),
    done: { 200: 'It is here.' },
    problems: {
      404: 'It is not here.',
      413: 'It is not here, and larger than this host takes.',
      507: 'It is not here, and the disk has no room for it.',
    },
  }),
  deletePackage: route({
    method: 'DELETE',
    path: '/v1/packages/{digest}',
    summary: 'Deletes a file; 409 while a version needs it.',
    role: 'deployer',
    parameters: ofDigest,
    body: NOTHING,
    answer: deletedSchema,
    done: { 200: 'It is gone.' },
    problems: { 404: 'It is not here.', 409: 'A version needs it.' },
  }),
  prunePackages: route({
    method: 'DELETE',
    path: '/v1/packages',
    summary: 'Deletes the files that no version needs, nor has needed within the hour.',
    role: 'deployer',
    parameters: NO_PARAMETERS,
    body: NOTHING,
    answer: deletedSchema,
    done: { 200: 'They are gone.' },
  }),
  putPackage: route({
    method: 'PUT',
    path: '/v1/packages/{digest}',
    summary: 'Stores a file under its SHA-256, which is checked: 201 when stored, 204 when it was here.',
    role: 'deployer',
    parameters: ofDigest,
    body: NOTHING,
    upload: true,
    answer: NOTHING,
    done: { 201: 'It is stored.', 204: 'It was here.' },
    problems: {
      408: 'Nothing more of it came.',
      413: 'It is larger than this host takes.',
      422: 'The content has another digest.',
      507: 'The disk has no room for it.',
    },
  }),
  readInstance: route({
    method: 'GET',
    path: '/v1/models/{model}/instances/{version}',
    summary: 'State of one model version.',
    role: 'reader',
    parameters: ofVersion,
    body: NOTHING,
    answer: instanceSchema,
    done: { 200: 'Its state.' },
    problems: { 404: 'It was never started here.' },
  }),
  startInstance: route({
    method: 'PUT',
    path: '/v1/models/{model}/instances/{version}',
    summary: 'Starts a package without traffic. Idempotent; after a failure it tries anew.',
    role: 'deployer',
    parameters: ofVersion,
    body: startInstanceSchema,
    answer: instanceSchema,
    done: { 202: 'It is started, or was.' },
    problems: {
      409: 'A file of it is not here, or the version runs another package.',
      422: 'The package is not of this version, not for this host, or not signed as it must be.',
    },
  }),
  stopInstance: route({
    method: 'DELETE',
    path: '/v1/models/{model}/instances/{version}',
    summary: 'Stops a version once its open requests are answered; 409 while it takes traffic.',
    role: 'deployer',
    parameters: ofVersion,
    body: NOTHING,
    answer: instanceSchema,
    done: { 202: 'It ends, or has ended.' },
    problems: { 404: 'It was never started here.', 409: 'It takes traffic.' },
  }),
  readTraffic: route({
    method: 'GET',
    path: '/v1/models/{model}/traffic',
    summary: 'How requests are shared out; its revision is the ETag.',
    role: 'reader',
    parameters: ofModel,
    body: NOTHING,
    answer: trafficSchema,
    done: { 200: 'The traffic.' },
    problems: { 404: 'The model never had traffic here.' },
  }),
  setTraffic: route({
    method: 'PUT',
    path: '/v1/models/{model}/traffic',
    summary: 'Shares requests out anew and renews the lease; answers once the proxy runs on it.',
    role: 'deployer',
    parameters: ofModel,
    headers: ['If-Match', 'If-None-Match'],
    body: setTrafficSchema,
    answer: trafficSchema,
    done: { 200: 'The proxy runs on it.' },
    problems: {
      409: 'A version is not ready, the rollout was braked or is over, or the host serves another environment.',
      412: 'The traffic was changed meanwhile.',
      422: 'The candidate is missing, or is the stable version.',
      428: 'It was not said which traffic this replaces.',
      503: 'It is stored, but the proxy does not run on it yet.',
    },
  }),
  observations: route({
    method: 'GET',
    path: '/v1/models/{model}/observations',
    summary: 'Polls of both versions, oldest first, at most 1,000.',
    role: 'reader',
    parameters: ofModel.extend({ rollout: z.string().optional(), after }),
    body: NOTHING,
    answer: observationsSchema,
    done: { 200: 'The polls.' },
  }),
  windows: route({
    method: 'GET',
    path: '/v1/models/{model}/windows',
    summary: 'Closed capture windows, oldest first, at most 1,000.',
    role: 'reader',
    parameters: ofModel.extend({ after }),
    body: NOTHING,
    answer: windowsSchema,
    done: { 200: 'The windows.' },
  }),
  labelCounts: route({
    method: 'GET',
    path: '/v1/models/{model}/labels',
    summary:
      'Late labels of a version, counted by day and confidence bin, and how many predictions they show right.',
    role: 'reader',
    parameters: ofVersion,
    body: NOTHING,
    answer: labelCountsSchema,
    done: { 200: 'The counts.' },
  }),
  addLabels: route({
    method: 'POST',
    path: '/v1/labels',
    summary: 'Late labels by prediction id; ones already known are ignored.',
    role: 'labeler',
    parameters: NO_PARAMETERS,
    body: labelsSchema,
    answer: z.object({ received: z.number().int(), added: z.number().int() }),
    done: { 200: 'They are stored.' },
  }),
} as const;
