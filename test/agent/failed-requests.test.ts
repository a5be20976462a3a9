import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ClusterCounters, NO_COUNTERS } from '../../agent/envoy/cluster-counters.ts';
import { clusterName } from '../../agent/envoy/traffic-plan.ts';
import { renderMetrics } from '../../agent/metrics/render-metrics.ts';
import { METERED_MODEL, type MeteredHost, openMeteredHost } from './support/metered-host.ts';

let metered: MeteredHost;
beforeEach(async () => {
  metered = await openMeteredHost();
});
afterEach(() => metered.host.close());

function count(counters: Partial<ClusterCounters>): void {
  metered.host.world.counters.set(clusterName(METERED_MODEL, '2'), { ...NO_COUNTERS, ...counters });
}

/** What a reader is told of the second version, by metric. */
async function told(metric: string): Promise<number> {
  const text = await renderMetrics(metered.host.context);
  return Number(new RegExp(`^${metric}\\{model="mnist",version="2"\\} (\\d+)$`, 'm').exec(text)?.[1]);
}
const failed = () => told('trainyard_failed_requests_total');

test('a request that the proxy turned away has failed once, though it is an answer 5xx and never answered too', async () => {
  count({ sent: 10, answered: 10 });
  expect(await failed()).toBe(0);
  count({ sent: 10, answered: 14, serverErrors: 4, overflowed: 4 });
  expect([await told('trainyard_errors_total'), await told('trainyard_unanswered_total')]).toEqual([4, 4]);
  expect(await failed()).toBe(4);
});

test('one that its client gave up counts beside one that the model answered with 500', async () => {
  count({});
  await failed();
  count({ sent: 5, answered: 3, serverErrors: 3, cut: 2 });
  expect(await failed()).toBe(5);
});

test('failures of one kind hide none of another that come later', async () => {
  count({});
  await failed();
  count({ sent: 9, answered: 9, serverErrors: 9 });
  expect(await failed()).toBe(9);
  count({ sent: 14, answered: 14, serverErrors: 9, cut: 5 });
  expect(await failed()).toBe(14);
});

test('it never falls: not while an answer is on its way, nor when the proxy is away or begins anew', async () => {
  count({});
  await failed();
  count({ sent: 9, answered: 6, cut: 3 });
  expect(await failed()).toBe(3);
  count({ sent: 12, answered: 9, cut: 3, active: 2 });
  expect(await failed()).toBe(3);
  const { counters } = metered.host.context.proxy;
  Object.assign(metered.host.context.proxy, { counters: () => Promise.reject(new Error('down')) });
  expect(await failed()).toBeNaN();
  Object.assign(metered.host.context.proxy, { counters });
  count({ sent: 2, answered: 2, serverErrors: 2 });
  expect(await failed()).toBe(5);
});

test('what failed before this agent first looked is no new failure', async () => {
  count({ sent: 100, answered: 100, serverErrors: 100 });
  expect(await failed()).toBe(0);
});

test('readers that ask at the same time are told one reading, so that none is taken for an older one', async () => {
  count({ sent: 10, answered: 10, serverErrors: 10 });
  await failed();
  let asked = 0;
  const { counters } = metered.host.context.proxy;
  const counted = () => {
    asked++;
    return counters();
  };
  Object.assign(metered.host.context.proxy, { counters: counted });
  expect(await Promise.all([failed(), failed()])).toEqual([0, 0]);
  expect(asked).toBe(1);
  count({ sent: 11, answered: 11, serverErrors: 11 });
  expect(await failed()).toBe(1);
});
