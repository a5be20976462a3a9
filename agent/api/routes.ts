import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { digestSchema } from '../../core/identity/digest.ts';
import { modelNameSchema } from '../../core/identity/model-name.ts';
import { versionSchema } from '../../core/identity/version.ts';
import type { Result } from '../../core/result.ts';
import { labelsSchema, setTrafficSchema, startInstanceSchema, type Traffic } from '../../core/serving/api.ts';
import type { Agent } from '../agent.ts';
import type { BlobLimits, BlobProblem } from '../store/blobs.ts';
import { toInstance } from '../store/stored-instance.ts';
import { entityTag } from '../store/stored-traffic.ts';
import { authorize } from './authorize.ts';
import { describeState } from './describe-state.ts';
import { answerProblem, readBody, throwRefusal } from './problem.ts';
import { type Refusal, refuse } from './refusal.ts';

const afterSchema = z.coerce.number().int().nonnegative().default(0);

/** Adds everything under `/v1` to the application. */
export function addRoutes(app: Hono, agent: Agent): void {
  const { options, store } = agent.context;
  const reader = authorize(options.tokens, 'reader');
  const labeler = authorize(options.tokens, 'labeler');
  const deployer = authorize(options.tokens, 'deployer');

  app.get('/v1/state', reader, async (context) => context.json(await describeState(agent.context)));

  addPackageRoutes(app, agent);

  app.get('/v1/models/:model/instances/:version', reader, (context) => {
    const instance = store.getInstance(modelOf(context), versionOf(context));
    if (instance === undefined) return answerProblem(context, notFound('instance'));
    return context.json(toInstance(instance));
  });
  app.put('/v1/models/:model/instances/:version', deployer, async (context) => {
    const request = await readBody(context, startInstanceSchema);
    return respond(context, await agent.startInstance(modelOf(context), versionOf(context), request), 202);
  });
  app.delete('/v1/models/:model/instances/:version', deployer, (context) =>
    respond(context, agent.stopInstance(modelOf(context), versionOf(context)), 202),
  );

  app.get('/v1/models/:model/traffic', reader, (context) => {
    const stored = store.getTraffic(modelOf(context));
    return stored === undefined
      ? answerProblem(context, notFound('traffic'))
      : answerTraffic(context, stored.traffic);
  });
  app.put('/v1/models/:model/traffic', deployer, async (context) => {
    const request = await readBody(context, setTrafficSchema);
    const model = modelOf(context);
    const result = await agent.setTraffic(model, request, expectedRevision(context));
    return result.ok ? answerTraffic(context, result.value) : answerProblem(context, result.error);
  });

  app.get('/v1/models/:model/observations', reader, (context) => {
    const rollout = context.req.query('rollout');
    return context.json({ observations: store.observations(modelOf(context), rollout, afterOf(context)) });
  });
  app.get('/v1/models/:model/windows', reader, (context) =>
    context.json({ windows: store.windows(modelOf(context), afterOf(context)) }),
  );
  app.get('/v1/models/:model/labels', reader, (context) => {
    const version = parseParameter(versionSchema, context.req.query('version'), 'version');
    return context.json({ counts: store.labels.counts(modelOf(context), version) });
  });
  app.post('/v1/labels', labeler, async (context) => {
    const { model, labels } = await readBody(context, labelsSchema);
    const added = store.labels.add(model, agent.context.clock.now(), labels);
    return context.json({ received: labels.length, added });
  });
}

function addPackageRoutes(app: Hono, { context: { options, blobs } }: Agent): void {
  const path = '/v1/packages/:digest';
  // Answers HEAD too: the framework runs it for both.
  app.get(path, authorize(options.tokens, 'reader'), (context) => {
    const digest = digestOf(context);
    return blobs.has(digest) ? context.json({ digest }) : answerProblem(context, notFound('package'));
  });
  app.put(path, authorize(options.tokens, 'deployer'), async (context) => {
    const digest = digestOf(context);
    if (blobs.has(digest)) return context.body(null, 204);
    const { body } = context.req.raw;
    if (body === null)
      throwRefusal(refuse(400, 'body-missing', 'The request has no body.', 'Send the file.'));
    const result = await blobs.put(digest, body);
    return result.ok ? context.body(null, 201) : answerProblem(context, refuseBlob(result.error, options));
  });
}

function refuseBlob(problem: BlobProblem, limits: BlobLimits): Refusal {
  switch (problem.kind) {
    case 'too-large': {
      const message = `The file is larger than ${limits.maxPackageBytes} bytes.`;
      return refuse(413, 'package-too-large', message, 'Raise --max-package-bytes.');
    }
    case 'digest-mismatch':
      return refuse(
        422,
        'digest-mismatch',
        `The content is ${problem.found}.`,
        'Send the file of that digest.',
      );
    case 'disk-full': {
      const message = `The disk of this host has no room for it: ${limits.reserveBytes} bytes are kept free.`;
      return refuse(507, 'disk-full', message, 'Free space on the disk of its --data-dir, and deploy again.');
    }
  }
}

/** The revision in `If-Match`; `If-None-Match: *` says that there is none yet. Neither is refused: a blind write may undo a brake. */
function expectedRevision(context: Context): number | undefined {
  if (context.req.header('if-none-match') === '*') return undefined;
  const revision = /^"(?<revision>\d+)"$/.exec(context.req.header('if-match') ?? '')?.groups?.['revision'];
  if (revision !== undefined) return Number(revision);
  const remedy =
    'Send If-Match with the ETag of the traffic you saw, or If-None-Match: * when there was none.';
  return throwRefusal(
    refuse(428, 'revision-required', 'It was not said which traffic this replaces.', remedy),
  );
}

function answerTraffic(context: Context, traffic: Traffic): Response {
  context.header('etag', entityTag(traffic));
  return context.json(traffic);
}

function respond<T extends object>(context: Context, result: Result<T, Refusal>, status: 202): Response {
  return result.ok ? context.json(result.value, status) : answerProblem(context, result.error);
}

function modelOf(context: Context): string {
  return parseParameter(modelNameSchema, context.req.param('model'), 'model');
}

function versionOf(context: Context): string {
  return parseParameter(versionSchema, context.req.param('version'), 'version');
}

/** With or without the `sha256:` in front. */
function digestOf(context: Context): string {
  const digest = context.req.param('digest') ?? '';
  return parseParameter(digestSchema, digest.includes(':') ? digest : `sha256:${digest}`, 'digest');
}

function afterOf(context: Context): number {
  return parseParameter(afterSchema, context.req.query('after'), 'after');
}

function parseParameter<T>(schema: z.ZodType<T>, value: unknown, name: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  return throwRefusal(
    refuse(
      400,
      'parameter-invalid',
      `${name}: ${parsed.error.issues[0]?.message ?? 'invalid'}`,
      'See /openapi.json.',
    ),
  );
}

function notFound(what: string): Refusal {
  return refuse(404, `no-such-${what}`, `There is no such ${what} on this host.`, 'See /v1/state.');
}
