import { optional } from '../../core/config/optional.ts';
import { epochMs } from '../../core/instant.ts';
import { usualStatus } from '../../core/serving/route.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { historyStart, tellHistory } from '../../core/serving/screen/history.ts';
import { type Handler, handle } from './handle.ts';
import { Refusal } from './refusal.ts';
import { createEventStream } from './stream-events.ts';

/** What watchers of a host read. */
export const SCREEN_HANDLERS: readonly Handler[] = [
  handle(ROUTES.history, async ({ parameters: { model, hours } }, { context: { clock }, watching }) => {
    const sums = await watching.history(model);
    const past = await watching.past(model);
    const nowMs = epochMs(clock.now());
    const told = tellHistory(sums, { sinceMs: historyStart(nowMs, hours), nowMs });
    const rollouts = told.rollouts.map((one) => ({
      ...one,
      ...optional('evidence', past.get(one.rollout)),
    }));
    return { ...told, rollouts };
  }),
  handle(ROUTES.outlook, async ({ parameters: { model } }, { watching }) => {
    const outlook = await watching.outlook(model);
    if (outlook !== undefined) return outlook;
    throw new Refusal({
      status: 404,
      code: 'no-such-traffic',
      message: 'There is no such traffic on this host.',
      remedy: 'See /v1/state.',
    });
  }),
  {
    route: ROUTES.events,
    answer: async ({ gone, answer }, agent, isStillAllowed) => {
      const stream = createEventStream(agent, { gone, isStillAllowed });
      answer.status = usualStatus(ROUTES.events);
      Object.assign(answer.headers, { 'content-type': ROUTES.events.media, 'cache-control': 'no-store' });
      return stream;
    },
  },
];
