import { ROUTES } from '../../core/serving/routes.ts';
import { describeState } from './describe-state.ts';
import { type Handler, handle } from './handle.ts';
import { describeApi } from './openapi.ts';
import { createPage } from './page.ts';

/** What people, probes and scrapers read of the host. */
export const HOST_HANDLERS: readonly Handler[] = [
  handle(ROUTES.page, ({ context }) => {
    const page = createPage();
    context.header('content-security-policy', page.policy);
    context.header('cache-control', 'no-store');
    context.header('referrer-policy', 'no-referrer');
    context.header('x-content-type-options', 'nosniff');
    return page.html;
  }),
  handle(ROUTES.health, () => ({ status: 'ok' as const })),
  handle(ROUTES.readiness, async ({ context }, { context: { store, proxy } }) => {
    const starting = store.instances().filter(({ state }) => state === 'starting').length;
    if (await proxy.isHealthy()) return { status: 'ready' as const, starting };
    context.status(503);
    return { status: 'proxy-down' as const, starting };
  }),
  handle(ROUTES.description, () => describeApi()),
  handle(ROUTES.metrics, async (_, { context }) => {
    // The client of Prometheus costs memory that a host which is not scraped never needs.
    const { renderMetrics } = await import(/* webpackMode: "eager" */ './metrics.ts');
    return renderMetrics(context);
  }),
  handle(ROUTES.state, (_, { context }) => describeState(context)),
];
