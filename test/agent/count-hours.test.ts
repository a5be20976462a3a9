import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { countHours } from '../../agent/traffic/count-hours.ts';
import { NO_COUNTS } from '../../agent/traffic/version-reading.ts';
import { hoursSchema, observationsSchema } from '../../core/serving/api.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

const BEGAN = Date.parse('2026-01-01T00:30:00Z');
/** One a minute, over more than three hours. */
const LOOKS = 200;

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost();
  const { store } = host.context;
  for (let minute = 0; minute < LOOKS; minute += 1) {
    const counts = NO_COUNTS.latency.counts.map((_, bucket) => (bucket === 12 ? 7 : 0));
    const latency = { ...NO_COUNTS.latency, counts };
    store.addObservation('mnist', minute < 100 ? '' : 'r1', {
      ...{ host: 'host-1', at: new Date(BEGAN + minute * 60_000).toISOString(), seconds: 60, stage: 0 },
      weights: { candidate: 0 },
      candidate: { ...NO_COUNTS, requests: 90 },
      stable: { ...NO_COUNTS, requests: 10, errors: 2, refused: 1, latency },
    });
  }
});
afterEach(() => host.close());

async function ask(path: string): Promise<unknown> {
  const app = createApp(createAgent(host.context));
  const response = await askApp(app, path, { headers: { authorization: `Bearer ${TOKENS.reader}` } });
  expect(response.status).toBe(200);
  return response.json();
}

test('what the stable version answered is told by hour, of every rollout and of none', async () => {
  const { hours } = hoursSchema.parse(await ask('/v1/models/mnist/hours?since=2026-01-01T01:00:00Z'));
  expect(
    hours.map(({ at, requests, errors, refused, latency }) => [
      at.slice(11, 16),
      ...[requests, errors, refused, latency.counts[12]],
    ]),
  ).toEqual([
    ['01:00', 600, 120, 60, 420],
    ['02:00', 600, 120, 60, 420],
    ['03:00', 500, 100, 50, 350],
  ]);
  const other = await ask('/v1/models/other/hours?since=2026-01-01T01:00:00Z');
  expect(other).toEqual({ hours: [] });
});

test('hours go two days back, whatever is asked for, and end where nobody waits', async () => {
  host.world.now = BEGAN + 2 * 86_400_000 + 31 * 60_000;
  const { hours } = hoursSchema.parse(await ask('/v1/models/mnist/hours?since=1970-01-01T00:00:00Z'));
  expect(hours.map(({ at, requests }) => [at.slice(11, 16), requests])).toEqual([
    ['01:00', 590],
    ['02:00', 600],
    ['03:00', 500],
  ]);
  const asked = { model: 'mnist', since: '2026-01-01T01:00:00Z' };
  expect(await countHours(host.context, asked, AbortSignal.abort())).toEqual([]);
});

test.each([
  ['rollout=r1', 100],
  ['since=2026-01-01T03:00:00Z', 50],
  ['after=180', 20],
])('observations are passed on as they are kept: %s', async (asked, count) => {
  const { observations } = observationsSchema.parse(await ask(`/v1/models/mnist/observations?${asked}`));
  const kept = host.context.store.observations('mnist', undefined, LOOKS - count);
  expect(observations).toEqual(kept);
  expect(observations).toHaveLength(count);
});
