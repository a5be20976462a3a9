import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { messageOf, UserError } from '../../core/errors.ts';
import type { Agent } from '../agent.ts';
import { answerProblem } from './problem.ts';
import { addPublicRoutes } from './public-routes.ts';
import { type Refusal, refuse } from './refusal.ts';
import { addRoutes } from './routes.ts';

const refusalSchema = z.object({
  status: z.number(),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
});

/** The application: every path, with problem details for everything that goes wrong. */
export function createApp(agent: Agent): Hono {
  const app = new Hono();
  addPublicRoutes(app, agent);
  addRoutes(app, agent);
  app.notFound((context) =>
    answerProblem(
      context,
      refuse(404, 'no-such-path', `Nothing is at ${context.req.path}.`, 'See /openapi.json.'),
    ),
  );
  app.onError((error, context) => {
    const refusal = error instanceof HTTPException ? refusalSchema.safeParse(error.cause) : undefined;
    if (refusal?.success && isStatus(refusal.data.status)) {
      return answerProblem(context, { ...refusal.data, status: refusal.data.status });
    }
    agent.context.log.warn(`${context.req.method} ${context.req.path}: ${messageOf(error)}`);
    const message = 'The agent failed at this request.';
    return context.json(
      {
        type: 'urn:trainyard:problem:internal',
        title: 'Internal error',
        status: 500,
        detail: message,
        code: 'internal',
        remedy: "See the agent's log.",
      },
      500,
      { 'content-type': 'application/problem+json' },
    );
  });
  return app;
}

/** Listens for the control API, over TLS when there is a certificate. Rejects when the port is taken. */
export async function listen(app: Hono, agent: Agent): Promise<Server> {
  const { listen: endpoint, tls } = agent.context.options;
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(tls === undefined
      ? { createServer: createHttpServer }
      : { createServer: createHttpsServer, serverOptions: tls }),
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portTaken(endpoint, cause)));
    server.listen(endpoint.port, endpoint.address, resolve);
  });
  return server as Server;
}

function portTaken(
  { address, port }: { readonly address: string; readonly port: number },
  cause: Error,
): UserError {
  return new UserError(
    [
      {
        code: 'listen-failed',
        message: `The control API can't listen on ${address}:${port} (${cause.message}).`,
        remedy: 'End what listens there, or choose another address with --listen.',
      },
    ],
    { cause },
  );
}

const STATUSES = [
  400, 401, 403, 404, 409, 412, 413, 422, 428, 503,
] as const satisfies readonly Refusal['status'][];

function isStatus(status: number): status is Refusal['status'] {
  return STATUSES.some((known) => known === status);
}
