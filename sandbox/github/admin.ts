import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FaultQueue, faultSchema } from './faults.ts';
import { gatedJobSchema, type JobGates } from './job-gates.ts';
import { readJson, sendJson } from './json.ts';
import type { Repository } from './repository.ts';

/** What the sandbox shows of itself, and the faults it takes. */
type AdminView = {
  readonly repository: Repository;
  readonly faults: FaultQueue;
  readonly gates: JobGates;
  readonly onWaiting?: () => void;
  readonly exchanges: readonly unknown[];
  readonly describeRuns: () => unknown;
};

/** Answers below `/_sandbox/`: what happened, and faults to come. */
export async function answerAdmin(
  sandbox: AdminView,
  request: IncomingMessage,
  response: ServerResponse,
  pathname: string,
): Promise<void> {
  const route = `${request.method} ${pathname}`;
  if (route === 'POST /_sandbox/faults') {
    const parsed = faultSchema.safeParse(await readJson(request));
    if (!parsed.success) {
      sendJson(response, 422, { message: parsed.error.message });
      return;
    }
    sandbox.faults.add(parsed.data);
    response.writeHead(204).end();
    return;
  }
  if (route === 'POST /_sandbox/gates') {
    const parsed = gatedJobSchema.safeParse(await readJson(request));
    if (!parsed.success) {
      sendJson(response, 422, { message: parsed.error.message });
      return;
    }
    const answer = sandbox.gates.ask(parsed.data);
    sendJson(response, 200, answer);
    if (answer.kind === 'waiting') sandbox.onWaiting?.();
    return;
  }
  const { people, issues, comments, deployments, dispatches } = sandbox.repository;
  const views: Readonly<Record<string, () => unknown>> = {
    'GET /_sandbox/runs': sandbox.describeRuns,
    'GET /_sandbox/exchanges': () => sandbox.exchanges,
    'GET /_sandbox/repository': () => ({
      people: Object.fromEntries(people),
      issues: [...issues.values()],
      comments: [...comments.values()],
      deployments: [...deployments.values()],
      dispatches,
    }),
  };
  const view = views[route];
  sendJson(response, view === undefined ? 404 : 200, view?.() ?? { routes: Object.keys(views) });
}
