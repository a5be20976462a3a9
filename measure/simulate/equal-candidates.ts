import { type Baseline, learnTempering, NO_BASELINE } from '../../core/rollout/evidence/baseline.ts';
import type { Observation } from '../../core/rollout/evidence/observation.ts';
import { type Draws, makeDraws } from './draws.ts';
import { type Judged, judgeTogether } from './judge-together.ts';
import { drawRollout, HALF_HOURS, PLAN } from './simulate-rollout.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  type SimulationOptions,
  type SimulationRow,
} from './simulation-row.ts';
import { activityOf, drawStickyRollout, type Users } from './sticky-traffic.ts';
import { NO_HARM, PATTERNS, type Pattern } from './traffic.ts';

const FULL = 10_000;
/** Share of rollouts with the right routing that may be held for it. */
const ROUTING_ALPHA = 0.001;

const FLAT: Pattern = {
  name: 'flat',
  invalid: 0.001,
  noise: 0,
  at: () => ({ perSecond: 2, errorRate: 0.005, load: 0 }),
};

const PLAIN: readonly { readonly pattern: Pattern; readonly hosts: number }[] = [
  { pattern: { ...FLAT, name: 'flat, 2 requests/s each' }, hosts: 20 },
  {
    pattern: {
      ...FLAT,
      name: '8 % of requests malformed, 10/s each',
      malformed: 0.08,
      at: () => ({ perSecond: 10, errorRate: 0.005, load: 0 }),
    },
    hosts: 2,
  },
  {
    pattern: { ...FLAT, name: '0.1 requests/s', at: () => ({ perSecond: 0.1, errorRate: 0.005, load: 0 }) },
    hosts: 1,
  },
];

const STICKY: readonly Users[] = [50, 200, 2_000, 20_000].flatMap((count) =>
  [0, 0.8, 1.1].map((zipf) => ({ count, zipf, failing: 0.02 })),
);

/** How often an equal candidate is taken back or held by anyone, where requests are no draws of their own, or few, or wrong. */
export function equalCandidateRows(options: SimulationOptions): SimulationRow[] {
  const bursty = PATTERNS.find(({ noise }) => noise > 0);
  const plain =
    bursty === undefined ? PLAIN : [...PLAIN, { pattern: bursty, hosts: 1 }, { pattern: bursty, hosts: 8 }];
  return [...plain.map((one) => plainRow(one, options)), ...STICKY.map((users) => stickyRow(users, options))];
}

function plainRow(
  { pattern, hosts }: (typeof PLAIN)[number],
  { scale, seed }: SimulationOptions,
): SimulationRow {
  const draws = makeDraws(`${seed}|equal|${pattern.name}|${hosts}`);
  const baseline = pattern.noise > 0 ? learnFrom(draws, pattern) : NO_BASELINE;
  const name = `${pattern.name}, ${hosts} ${hosts === 1 ? 'host' : 'hosts'}`;
  return rowOf(name, drawsAt(FULL, scale, 20), () =>
    judgeTogether(drawLooks(draws, pattern, hosts), hosts, baseline),
  );
}

function stickyRow(users: Users, { scale, seed }: SimulationOptions): SimulationRow {
  const { count, zipf } = users;
  const draws = makeDraws(`${seed}|sticky|${count}|${zipf}`);
  const activity = activityOf(users);
  const how = zipf === 0 ? 'equally active' : `Zipf ${zipf}`;
  const name = `sticky users, ${count} of them, ${how}, 2 % of them always failing half`;
  return rowOf(name, drawsAt(FULL, scale, 20), () =>
    judgeTogether(drawStickyRollout(draws, HALF_HOURS, { ...users, activity }), 1, NO_BASELINE),
  );
}

function rowOf(name: string, runs: number, judge: () => Judged): SimulationRow {
  const judged = Array.from({ length: runs }, judge);
  const stopped = judged.filter(({ isRolledBack }) => isRolledBack).length;
  const held = judged.filter(({ isHeldForRouting }) => isHeldForRouting).length;
  return {
    row: 16,
    quantity: `canary, ${name}: equal candidate taken back by deploy or a host; held for its share of traffic`,
    anchors: [],
    target: `≤ ${formatShare(PLAN.alpha, 1)}; ≤ ${formatShare(ROUTING_ALPHA, 1)}`,
    observed: `${formatShare(stopped, runs)} (${stopped} of ${runs}); ${formatShare(held, runs)} (${held})`,
    met:
      keepsPromise(stopped, runs, { most: PLAN.alpha, fullDraws: FULL }) &&
      keepsPromise(held, runs, { most: ROUTING_ALPHA, fullDraws: FULL }),
  };
}

/** Quiet polls of past rollouts, from which deploy learns how bursts vary; hosts get it with their lease. */
function learnFrom(draws: Draws, pattern: Pattern): Baseline {
  const past = Array.from({ length: 5 }, () => [
    ...drawRollout(draws, HALF_HOURS, { pattern, harm: NO_HARM }),
  ]);
  return { ...NO_BASELINE, eta: learnTempering(past.flat()) };
}

/** Polls of all hosts, time by time. */
function* drawLooks(draws: Draws, pattern: Pattern, hosts: number): Generator<readonly Observation[]> {
  const each = Array.from({ length: hosts }, () =>
    drawRollout(draws, HALF_HOURS, { pattern, harm: NO_HARM }),
  );
  for (let look = 0; look < HALF_HOURS.polls; look += 1) {
    yield each.flatMap((polls, index) => {
      const { value } = polls.next();
      return value === undefined ? [] : [{ ...value, ...hostOf(index) }];
    });
  }
}

function hostOf(index: number): Pick<Observation, 'host' | 'hostId'> {
  const name = String(index).padStart(12, '0');
  return { host: `host-${index}`, hostId: `00000000-0000-4000-8000-${name}` };
}
