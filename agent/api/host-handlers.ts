import type { z } from 'zod';
import { usualStatus } from '../../core/serving/route.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { readAudit } from '../audit/audit-log.ts';
import { copyOnce } from '../backup/copy-once.ts';
import type { AgentContext } from '../context.ts';
import type { ApiCall } from '../http/call.ts';
import { prefers } from '../http/prefers.ts';
import { shareOut } from '../traffic/share-out.ts';
import { describeState } from './describe-state.ts';
import { type Handler, handle, handleText } from './handle.ts';
import { writeApi } from './openapi.ts';
import { createPage } from './page.ts';

const OPEN_METRICS = 'application/openmetrics-text';

/** What people, probes and scrapers read of the host. */
export const HOST_HANDLERS: readonly Handler[] = [
  handle(ROUTES.page, async ({ call: { answer } }) => {
    const page = await createPage();
    Object.assign(answer.headers, {
      'content-security-policy': page.policy,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    return page.html;
  }),
  handle(ROUTES.health, () => ({ status: 'ok' as const })),
  handle(ROUTES.readiness, ({ call }, { context }) => answerProbe(call, context)),
  handle(ROUTES.modelReadiness, ({ parameters: { model }, call }, { context }) =>
    answerProbe(call, context, model),
  ),
  handleText(ROUTES.description, writeApi),
  {
    route: ROUTES.metrics,
    answer: async ({ header, answer }, agent) => {
      // The client of Prometheus costs memory that a host which is not scraped never needs.
      const { renderMetrics } = await import(/* webpackMode: "eager" */ '../metrics/render-metrics.ts');
      const { media, otherMedia } = ROUTES.metrics;
      const isOpen = prefers(header('accept'), OPEN_METRICS, 'text/plain');
      answer.status = usualStatus(ROUTES.metrics);
      Object.assign(answer.headers, { vary: 'accept', 'content-type': isOpen ? otherMedia : media });
      return renderMetrics(agent.context, isOpen ? 'openmetrics' : 'prometheus');
    },
  },
  handle(ROUTES.audit, ({ parameters: { limit } }, { context: { audit, clock, options } }) => {
    audit.settle(clock.now());
    return { entries: [...readAudit(options.dataDir, limit)] };
  }),
  handle(ROUTES.backup, async (_, { context }) => ({ bytes: await copyOnce(context) })),
  handle(ROUTES.state, (_, { context }) => describeState(context)),
];

/** Ready means that a prediction would be answered: of this model, or of any when none is named. */
async function answerProbe(
  { answer }: ApiCall,
  { store, proxy }: AgentContext,
  only?: string,
): Promise<z.infer<typeof ROUTES.readiness.answer>> {
  const instances = store.instances();
  const starting = instances.filter(({ state }) => state === 'starting').length;
  const isAnswered = Object.entries(store.traffic()).some(
    ([model, { traffic }]) =>
      (only === undefined || model === only) &&
      shareOut(instances, model, traffic).some(({ given }) => given > 0),
  );
  const isHealthy = await proxy.isHealthy();
  // A proxy that can't be asked is not known to be full.
  const isFull = isHealthy && (await proxy.isFull().catch(() => false));
  if (isHealthy && isAnswered && !isFull) return { status: 'ready', starting };
  answer.status = 503;
  if (!isHealthy) return { status: 'proxy-down', starting };
  return { status: isFull ? 'proxy-full' : 'no-version-ready', starting };
}
