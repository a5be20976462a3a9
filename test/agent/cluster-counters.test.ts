import { expect, it } from 'vitest';
import { NO_COUNTERS, parseCounters } from '../../agent/envoy/cluster-counters.ts';
import { LATENCY_EDGES } from '../../agent/envoy/latency-edges.ts';

/** Answers by bucket that Envoy's line for them is read as, those of none left out. */
function bucketsOf(line: string): Readonly<Record<number, number>> {
  const counters = parseCounters(`cluster.demo@1.upstream_rq_time: ${line}`).get('demo@1');
  const counts = counters?.latency ?? [];
  return Object.fromEntries(
    counts.flatMap((count, index) => (count === 0 ? [] : [[LATENCY_EDGES[index], count]])),
  );
}

/** Envoy's line for so many answers up to and with each edge. */
function lineOf(upTo: (edge: number) => number, edges = LATENCY_EDGES): string {
  return edges.map((edge) => `B${edge}(0,${upTo(edge)})`).join(' ');
}

it('reads a histogram as Envoy writes it', () => {
  const upTo = (edge: number) => (edge >= 95 ? 12 : edge >= 20 ? 7 : 0);
  expect(bucketsOf(lineOf(upTo))).toEqual({ 20: 7, [LATENCY_EDGES.find((edge) => edge >= 95) ?? 0]: 5 });
});

it('goes by the edges that are named, in whichever order and with others between them', () => {
  const upTo = (edge: number) => (edge >= 20 ? 7 : 0);
  const others = LATENCY_EDGES.flatMap((edge) => [edge, edge + 0.5]);
  expect(bucketsOf(lineOf(upTo, others))).toEqual({ 20: 7 });
  expect(bucketsOf(lineOf(upTo, LATENCY_EDGES.toReversed()))).toEqual({ 20: 7 });
});

it('takes what is no histogram for one without answers', () => {
  expect(bucketsOf('No recorded values')).toEqual({});
  expect(bucketsOf('')).toEqual({});
});

it('counts each cluster by itself, and leaves what it does not read', () => {
  const page = [
    'cluster.demo@1.upstream_rq_total: 3',
    'cluster.demo@2.upstream_rq_5xx: 2',
    'cluster.demo@1.upstream_rq_active: 1',
    'cluster.demo@3.membership_total: 1',
    'server.uptime: 9',
  ].join('\n');
  expect([...parseCounters(page)]).toEqual([
    ['demo@1', { ...NO_COUNTERS, sent: 3, active: 1 }],
    ['demo@2', { ...NO_COUNTERS, serverErrors: 2 }],
  ]);
  expect(NO_COUNTERS.sent).toBe(0);
});
