import { chmodSync, rmSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { longestUploadMs } from '../../core/serving/upload-time.ts';
import type { Agent } from '../agent.ts';
import { type ApiAnswer, type ApiCall, type App, type Body, beginCall } from '../http/call.ts';
import { createRouteFinder } from '../http/find-route.ts';
import { type Failure, serveApp } from '../http/serve.ts';
import { portTaken } from '../machine/check-port.ts';
import type { CertificateBook } from '../tls/certificate-book.ts';
import { addressOf, createAnswerer } from './answer-noted.ts';
import { answerUnread } from './answer-unread.ts';
import { requireCertificate } from './authorize.ts';
import { boundConnections } from './bound-connections.ts';
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
export function createApp(agent: Agent, access: 'by-token' | 'open' = 'by-token'): App {
  const answer = createAnswerer(agent, access);
  const findRoute = createRouteFinder([
    ...HOST_HANDLERS,
    ...PACKAGE_HANDLERS,
    ...MODEL_HANDLERS,
    ...SCREEN_HANDLERS,
  ]);
  const asksClients = access === 'by-token' && agent.context.certificate?.asksClients === true;
  const refuse = createRefuser(agent);
  const respond = async (call: ApiCall): Promise<Body> => {
    if (asksClients && call.path !== ROUTES.health.path) requireCertificate(call);
    const found = findRoute(call.path);
    if (found === undefined) throw noSuchPath(call);
    const handler = found.byMethod.get(call.method);
    if (handler === undefined) throw wrongMethod(call, [...found.byMethod.keys()]);
    return answer({ ...call, parameters: found.parameters }, handler);
  };
  return async (incoming) => {
    const call = beginCall(incoming);
    const body = await respond(call).catch((thrown: unknown) => refuse(call, thrown));
    return { ...call.answer, body };
  };
}

/** Writes a refusal into an answer, and gives its body: problem details (RFC 9457). */
function createRefuser({ context }: Agent): (call: ApiCall, thrown: unknown) => Promise<string> {
  const { log } = context;
  const noteStranger = createStrangerLog(context);
  const slowDown = createStrangerDelay(context);
  return async (call, thrown) => {
    const refusal = thrown instanceof Refusal ? thrown : internal();
    const { method, path, answer } = call;
    if (thrown !== refusal) log.warn(tellFailure({ method, path, thrown }));
    let isLast = refusal.status === 408;
    if (refusal.status === 401) {
      noteStranger();
      isLast = await slowDown(addressOf(call));
    }
    answer.status = refusal.status;
    answer.headers['content-type'] = PROBLEM_TYPE;
    // The rest of what stopped coming is not waited for, nor what a stranger asks next.
    if (isLast) answer.headers['connection'] = 'close';
    return JSON.stringify(problemOf(refusal));
  };
}

/** Says in the log which answer could not be sent, and why; gives what is answered in its place. */
function createFailureTeller(log: Log): (failure: Failure) => ApiAnswer {
  return (failure) => {
    log.warn(tellFailure(failure));
    const body = JSON.stringify(problemOf(internal()));
    return { status: 500, headers: { 'content-type': PROBLEM_TYPE }, body };
  };
}

function tellFailure({ method, path, thrown }: Failure): string {
  return `${method} ${path}: ${messageOf(thrown)}`;
}

function internal(): Refusal {
  return new Refusal({
    status: 500,
    code: 'internal',
    message: 'The agent failed at this request.',
    remedy: "See the agent's log.",
  });
}

function noSuchPath({ path }: ApiCall): Refusal {
  return new Refusal({
    status: 404,
    code: 'no-such-path',
    message: `Nothing is at ${path}.`,
    remedy: 'See /openapi.json.',
  });
}

function wrongMethod({ path, answer }: ApiCall, methods: readonly string[]): Refusal {
  answer.headers['allow'] = methods.join(', ');
  return new Refusal({
    status: 405,
    code: 'wrong-method',
    message: `${path} takes ${methods.join(', ')}.`,
    remedy: 'See /openapi.json.',
  });
}

/** Listens for the control API, over TLS when there is a certificate. Rejects when the port is taken. */
export async function listen(app: App, agent: Agent): Promise<Server> {
  const { certificate } = agent.context;
  const { listen: endpoint, maxPackageBytes } = agent.context.options;
  const serve = serveApp(app, createFailureTeller(agent.context.log));
  const server =
    certificate === undefined
      ? createHttpServer(serve)
      : createHttpsServer({ ...tlsOptions(certificate) }, serve);
  if (certificate !== undefined) followCertificate(server, certificate);
  // Node's five minutes for a whole request would cut a large package off.
  server.requestTimeout = longestUploadMs(maxPackageBytes);
  boundConnections(server);
  answerUnread(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portTaken({ ...endpoint, ...CONTROL }, cause)));
    server.listen(endpoint.port, endpoint.address, resolve);
  });
  return server;
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
export async function listenLocally(app: App, log: Log, file: string): Promise<Server> {
  // Left by an agent that was killed; a second one on this folder is refused before it comes here.
  rmSync(file, { force: true });
  const server = createHttpServer(serveApp(app, createFailureTeller(log)));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, resolve);
  });
  chmodSync(file, 0o600);
  answerUnread(server);
  return server;
}
