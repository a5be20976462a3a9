import type { Hono } from 'hono';
import type { Agent } from '../agent.ts';
import { authorize } from './authorize.ts';
import { describeApi } from './openapi.ts';
import { PAGE, PAGE_POLICY } from './page.ts';

/** Adds what probes, scrapers and people read. Only `/metrics` names models, so only it asks for a token. */
export function addPublicRoutes(app: Hono, { context: agent }: Agent): void {
  app.get('/', (context) =>
    context.html(PAGE, 200, {
      'content-security-policy': PAGE_POLICY,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    }),
  );
  app.get('/healthz', (context) => context.json({ status: 'ok' }));
  app.get('/readyz', async (context) => {
    const starting = agent.store.instances().filter(({ state }) => state === 'starting').length;
    const healthy = await agent.proxy.isHealthy();
    return context.json({ status: healthy ? 'ready' : 'proxy-down', starting }, healthy ? 200 : 503);
  });
  app.get('/openapi.json', (context) => context.json(describeApi()));
  app.get('/metrics', authorize(agent.options.tokens, 'reader'), async (context) => {
    // The client of Prometheus costs memory that a host which is not scraped never needs.
    const { renderMetrics } = await import(/* webpackMode: "eager" */ './metrics.ts');
    return context.text(await renderMetrics(agent), 200, { 'content-type': 'text/plain; version=0.0.4' });
  });
}
