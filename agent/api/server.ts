import { chmodSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { messageOf } from '../../core/errors.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { longestUploadMs } from '../../core/serving/upload-time.ts';
import type { Agent } from '../agent.ts';
import { portTaken } from '../machine/check-port.ts';
import type { CertificateBook } from '../tls/certificate-book.ts';
import { addressOf, createAnswerer } from './answer-noted.ts';
import { answerUnread } from './answer-unread.ts';
import { requireCertificate } from './authorize.ts';
import { boundConnections } from './bound-connections.ts';
import type { Handler } from './handle.ts';
import { HOST_HANDLERS } from './host-handlers.ts';
import { MODEL_HANDLERS } from './model-handlers.ts';
import { PACKAGE_HANDLERS } from './package-handlers.ts';
import { PROBLEM_TYPE, problemOf, Refusal } from './refusal.ts';
import { SCREEN_HANDLERS } from './screen-handlers.ts';
import { createStrangerDelay } from './slow-strangers.ts';
import { createStrangerLog } from './stranger-log.ts';

const CONTROL = { what: 'The control API', option: '--listen' } as const;

/**
 * The application: every route, with problem details for everything that goes wrong. With `open` access nobody is asked for a
 * token: for a socket that only the agent's user can open.
 */
export function createApp(agent: Agent, access: 'by-token' | 'open' = 'by-token'): Hono {
  const app = new Hono();
  const { log } = agent.context;
  const noteStranger = createStrangerLog(agent.context);
  const slowDown = createStrangerDelay(agent.context);
  const answer = createAnswerer(agent, access);
  if (access === 'by-token' && agent.context.certificate?.asksClients === true) {
    app.use(async (context, next) => {
      if (context.req.path !== ROUTES.health.path) requireCertificate(context);
      await next();
    });
  }
  const handlers = [...HOST_HANDLERS, ...PACKAGE_HANDLERS, ...MODEL_HANDLERS, ...SCREEN_HANDLERS];
  for (const handler of handlers) {
    const { method, path } = handler.route;
    // What answers a GET answers HEAD too: the framework drops the body.
    app.on(method, toPattern(path), (context) => answer(context, handler));
  }
  for (const [path, methods] of methodsByPath(handlers)) {
    app.all(toPattern(path), (context) => answerWrongMethod(context, methods));
  }
  app.notFound((context) =>
    answerProblem(
      context,
      new Refusal({
        status: 404,
        code: 'no-such-path',
        message: `Nothing is at ${context.req.path}.`,
        remedy: 'See /openapi.json.',
      }),
    ),
  );
  app.onError(async (error, context) => {
    if (error instanceof Refusal) {
      if (error.status !== 401) return answerProblem(context, error);
      noteStranger();
      if (await slowDown(addressOf(context))) context.header('connection', 'close');
      return answerProblem(context, error);
    }
    log.warn(`${context.req.method} ${context.req.path}: ${messageOf(error)}`);
    return answerProblem(
      context,
      new Refusal({
        status: 500,
        code: 'internal',
        message: 'The agent failed at this request.',
        remedy: "See the agent's log.",
      }),
    );
  });
  return app;
}

/** The methods that each path takes. */
function methodsByPath(handlers: readonly Handler[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, readonly string[]>();
  for (const { route } of handlers) {
    const also = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
    methods.set(route.path, [...(methods.get(route.path) ?? []), ...also]);
  }
  return methods;
}

function answerWrongMethod(context: Context, methods: readonly string[]): Response {
  context.header('allow', methods.join(', '));
  return answerProblem(
    context,
    new Refusal({
      status: 405,
      code: 'wrong-method',
      message: `${context.req.path} takes ${methods.join(', ')}.`,
      remedy: 'See /openapi.json.',
    }),
  );
}

/** A path as the framework writes it, `/v1/models/:model`. */
function toPattern(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Listens for the control API, over TLS when there is a certificate. Rejects when the port is taken. */
export async function listen(app: Hono, agent: Agent): Promise<Server> {
  const { certificate } = agent.context;
  const { listen: endpoint, maxPackageBytes } = agent.context.options;
  const server = createAdaptorServer({
    fetch: app.fetch,
    ...(certificate === undefined
      ? { createServer: createHttpServer }
      : { createServer: createHttpsServer, serverOptions: tlsOptions(certificate) }),
  });
  const http = server as Server;
  if (certificate !== undefined) followCertificate(http, certificate);
  // Node's five minutes for a whole request would cut a large package off.
  http.requestTimeout = longestUploadMs(maxPackageBytes);
  boundConnections(http);
  answerUnread(http);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portTaken({ ...endpoint, ...CONTROL }, cause)));
    server.listen(endpoint.port, endpoint.address, resolve);
  });
  return http;
}

/** Who shows no certificate that is good gets an answer that says so, in the place of a connection that ends. */
function tlsOptions(certificate: CertificateBook) {
  return { ...certificate.now(), requestCert: certificate.asksClients, rejectUnauthorized: false };
}

/** Each connection is secured with the pair that is good as it comes: a renewal needs no restart. */
function followCertificate(server: Server, certificate: CertificateBook): void {
  if (!(server instanceof HttpsServer)) return;
  let used = certificate.now();
  // Before the server's own listener, which begins the handshake.
  server.prependListener('connection', () => {
    const next = certificate.now();
    if (next === used) return;
    server.setSecureContext(next);
    used = next;
  });
}

/** Listens for the control API on a socket of this machine that only the agent's user can open. */
export async function listenLocally(app: Hono, file: string): Promise<Server> {
  // Left by an agent that was killed; a second one on this folder is refused before it comes here.
  rmSync(file, { force: true });
  const server = createAdaptorServer({ fetch: app.fetch, createServer: createHttpServer });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, resolve);
  });
  chmodSync(file, 0o600);
  const http = server as Server;
  answerUnread(http);
  return http;
}

/** Answers with problem details (RFC 9457). */
function answerProblem(context: Context, refusal: Refusal): Response {
  const { status } = refusal;
  return context.json(problemOf(refusal), status, {
    'content-type': PROBLEM_TYPE,
    // The rest of what stopped coming is not waited for.
    ...(status === 408 && { connection: 'close' }),
  });
}
