import type { Result } from '../../core/result.ts';
import type { Traffic } from '../../core/serving/api.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import type { ApiCall } from '../http/call.ts';
import { toInstance } from '../store/stored-instance.ts';
import { entityTag } from '../store/stored-traffic.ts';
import { countHours } from '../traffic/count-hours.ts';
import { noteMonitor } from '../windows/note-monitor.ts';
import { countLabels } from '../windows/read-labels.ts';
import { readTextsAfter } from '../windows/read-windows.ts';
import { type Handler, handle, handleText } from './handle.ts';
import { Refusal } from './refusal.ts';

/** A model's versions, its traffic, and what was seen of both. */
export const MODEL_HANDLERS: readonly Handler[] = [
  handle(ROUTES.readInstance, ({ parameters: { model, version } }, { context: { store } }) => {
    const instance = store.getInstance(model, version);
    if (instance === undefined) throw notFound('instance');
    return toInstance(instance);
  }),
  handle(ROUTES.startInstance, async ({ parameters: { model, version }, body }, agent) =>
    unwrap(await agent.startInstance(model, version, body)),
  ),
  handle(ROUTES.stopInstance, ({ parameters: { model, version } }, agent) =>
    unwrap(agent.stopInstance(model, version)),
  ),
  handle(ROUTES.readTraffic, ({ parameters: { model }, call }, { context: { store } }) => {
    const stored = store.getTraffic(model);
    if (stored === undefined) throw notFound('traffic');
    return tagged(call, stored.traffic);
  }),
  handle(ROUTES.setTraffic, async ({ parameters: { model }, body, call }, agent) =>
    tagged(call, unwrap(await agent.setTraffic(model, body, expectedRevision(call)))),
  ),
  handle(ROUTES.retireModel, ({ parameters: { model }, call }, agent) => ({
    instances: [...unwrap(agent.retireModel(model, expectedRevision(call)))],
  })),
  handle(ROUTES.takeBack, async ({ parameters: { model }, body, call }, agent) =>
    tagged(call, unwrap(await agent.takeBack(model, body))),
  ),
  // Thousands of counts are megabytes: they are passed on as they were written.
  handleText(
    ROUTES.observations,
    ({ parameters: { model, ...asked } }, { context: { store } }) =>
      `{"observations":[${store.observationTexts(model, asked).join(',')}]}`,
  ),
  handle(ROUTES.hours, async ({ parameters, call: { gone } }, { context }) => ({
    hours: [...(await countHours(context, parameters, gone))],
  })),
  handleText(ROUTES.windows, async ({ parameters: { model, after } }, { context }) => {
    noteMonitor(context, model);
    const windows = await readTextsAfter(context, model, after);
    return ['{"windows":[', ...windows.map((text, index) => (index === 0 ? text : `,${text}`)), ']}'];
  }),
  handle(ROUTES.labelCounts, async ({ parameters, call: { gone } }, { context }) => ({
    counts: [...(await countLabels(context, parameters, gone))],
  })),
  handle(ROUTES.addLabels, ({ body: { model, labels } }, { context: { store, clock } }) => ({
    received: labels.length,
    added: store.labels.add(model, clock.now(), labels),
  })),
];

/** The revision in `If-Match`; `If-None-Match: *` says that there is none yet. Neither is refused: a blind write may undo a brake. */
function expectedRevision({ header }: ApiCall): number | undefined {
  if (header('if-none-match') === '*') return undefined;
  const revision = /^"(?<revision>\d+)"$/.exec(header('if-match') ?? '')?.groups?.['revision'];
  if (revision !== undefined) return Number(revision);
  throw new Refusal({
    status: 428,
    code: 'revision-required',
    message: 'It was not said which traffic this replaces.',
    remedy: 'Send If-Match with the ETag of the traffic you saw, or If-None-Match: * when there was none.',
  });
}

function tagged({ answer }: ApiCall, traffic: Traffic): Traffic {
  answer.headers['etag'] = entityTag(traffic);
  return traffic;
}

function unwrap<T>(result: Result<T, Refusal>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

function notFound(what: 'instance' | 'traffic'): Refusal {
  return new Refusal({
    status: 404,
    code: `no-such-${what}`,
    message: `There is no such ${what} on this host.`,
    remedy: 'See /v1/state.',
  });
}
