import { expect, test } from 'vitest';
import { forecastRollout } from '../../actions/plan/forecast-rollout.ts';
import { NO_COUNTS } from '../../agent/traffic/version-reading.ts';
import { renderBlocks } from '../../core/report/render-block.ts';
import type { Observation } from '../../core/rollout/evidence/observation.ts';
import type { RolloutPlan } from '../../core/rollout/rollout-plan.ts';
import { hostIdOf } from '../fixtures/host-id-of.ts';
import { createWorld } from './support/deployment.ts';

const PLAN: RolloutPlan = {
  stages: [1, 10, 100],
  alpha: 0.01,
  alarmAlpha: 0.01,
  stageMinSeconds: 600,
  deadlineSeconds: 6 * 3_600,
  onNoData: 'rollback',
  latencyMargin: 0.1,
  tolerance: 1,
};
const MINUTE = 60_000;

/** Looks of five minutes as an agent notes them: none where nothing was asked. `ago` are minutes before `now`. */
function looksOf(
  host: string,
  now: number,
  spans: readonly (readonly [ago: number, n: number])[],
): Observation[] {
  return spans.map(([ago, n], index) => ({
    ...{ hostId: hostIdOf(host), host, seq: index + 1, seconds: 300, stage: 0, weights: { candidate: 0 } },
    at: new Date(now - (ago - 5) * MINUTE).toISOString(),
    // One in six is answered; the rest is refused, fails or is never answered at all. Copies count for nobody.
    stable: { ...NO_COUNTS, requests: n, errors: n / 2, unanswered: n / 4, refused: n / 3 },
    candidate: NO_COUNTS,
    copies: { ended: { ...NO_COUNTS, requests: n }, open: n },
  }));
}

async function forecast(spans: readonly (readonly [number, number])[]): Promise<string | undefined> {
  const world = createWorld([]);
  const now = world.clock.now();
  for (const agent of world.agents) agent.seen.push(...looksOf(agent.url, Date.parse(now), spans));
  const { log } = world.job({}).ports;
  const told = await forecastRollout({ agents: world.agents, model: 'mnist', plan: PLAN, now, log });
  return told && renderBlocks(told);
}

test('tells what each stage detects, and how long it takes, at the traffic of both hosts', async () => {
  const told = await forecast([
    [18, 6_000],
    [13, 6_000],
    [8, 6_000],
  ]);
  const lines = told?.split('\n') ?? [];
  expect(lines[0]).toMatch(
    /^At the present 40 requests\/s and an assumed error rate of 0\.1%, this rollout takes about /,
  );
  const rows = lines
    .filter((line) => /^\| \d/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect(rows.map(([, stage, perSecond]) => [stage, perSecond])).toEqual([
    ['1%', '0.4'],
    ['10%', '4'],
    ['100%', '40'],
  ]);
  expect(rows.every(([, , , needs, takes]) => /^[\d,]+$/.test(needs ?? '') && /\d/.test(takes ?? ''))).toBe(
    true,
  );
  expect(rows[0]?.[5]).toMatch(/ and more$/);
  expect(rows[2]?.[5]).toMatch(/^over /);
});

test('does not count the minutes that no window has been closed for yet, and counts a pause', async () => {
  expect(await forecast([[9, 6_000]])).toContain('At the present 40 requests/s');
  expect(await forecast([[40, 6_000]])).toContain('At the present 5 requests/s');
});

test('warns when nothing is asked, and says nothing of hosts that can not be asked', async () => {
  expect(await forecast([[90, 6_000]])).toContain('There is no traffic at present');
  const world = createWorld([]);
  world.agents[1].reachable = false;
  const { log } = world.job({}).ports;
  const request = { agents: world.agents, model: 'mnist', plan: PLAN, now: world.clock.now(), log };
  expect(await forecastRollout(request)).toBeUndefined();
  expect(world.lines.join()).toContain("can't be forecast");
});
