import { type Baseline, learnTempering, NO_BASELINE } from '../../core/rollout/evidence/baseline.ts';
import { watchByKayenta } from './anchors/kayenta/watch-by-kayenta.ts';
import { lookOnce, watchByZTest } from './anchors/peeked-z-test.ts';
import { ARGO_ROLLOUTS, FLAGGER, watchBySuccessRate } from './anchors/success-rate-rules.ts';
import { type Draws, makeDraws } from './draws.ts';
import { drawRollout, HALF_HOURS, type Schedule, type Stop, watch } from './simulate-rollout.ts';
import { drawsAt, formatShare, type SimulationOptions, type SimulationRow } from './simulation-row.ts';
import { NO_HARM, PATTERNS, type Pattern, swing } from './traffic.ts';

const FALSE_ROLLBACK_RUNS = 10_000;
const ANCHOR_SHARE = 0.1;
/** Of 10,000, a count above 123 has a probability below 1 % when the true share is 1 %. */
const ALPHA = 0.01;
const CRITICAL_Z = 2.326;

/** The promises of the canary: rows 1 to 4. */
export function rolloutRows(options: SimulationOptions): SimulationRow[] {
  return [
    ...PATTERNS.map((pattern) => falseRollbacks(pattern, options)),
    smallStage(options),
    brokenVersion(options),
    movingBase(options),
  ];
}

/** Row 1: how often an equal candidate is rolled back, looking after every poll. */
function falseRollbacks(pattern: Pattern, { scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(FALSE_ROLLBACK_RUNS, scale, 60);
  const draws = makeDraws(`${seed}|false-rollbacks|${pattern.name}`);
  const baseline = pattern.noise > 0 ? learnFromHistory(draws, pattern) : NO_BASELINE;
  const equal = () => drawRollout(draws, HALF_HOURS, { pattern, harm: NO_HARM });
  const stopped = count(runs, () => watch(equal(), baseline));
  const most = runs * ALPHA + CRITICAL_Z * Math.sqrt(runs * ALPHA * (1 - ALPHA));
  return {
    row: 1,
    quantity: `canary, ${pattern.name} traffic: equal candidate rolled back, looking every minute`,
    anchors: anchorsOf(anchorRuns(runs), {
      'z-test 5 %, each minute': () => watchByZTest(equal(), 0.05),
      'Argo Rollouts ≥ 99 %, 3 failures': () => watchBySuccessRate(equal(), ARGO_ROLLOUTS),
      'Flagger ≥ 99 %, threshold 10': () => watchBySuccessRate(equal(), FLAGGER),
      'Kayenta, every 10 min': () => watchByKayenta(equal(), 10),
    }),
    target: `≤ 1.0% at alpha 0.01 (≤ ${Math.floor(most)} of ${runs})`,
    observed: `${formatShare(stopped, runs)} (${stopped} of ${runs})`,
    met: stopped <= most,
  };
}

/** Quiet polls of past rollouts, from which the over-dispersion of bursty traffic is learnt. */
function learnFromHistory(draws: Draws, pattern: Pattern): Baseline {
  const quiet = Array.from({ length: 5 }, () => [
    ...drawRollout(draws, HALF_HOURS, { pattern, harm: NO_HARM }),
  ]).flat();
  return { ...NO_BASELINE, eta: learnTempering(quiet) };
}

const SMALL_STAGE: Schedule = { pollSeconds: 60, polls: 60, stageAt: () => 0 };
const FIFTY_PER_SECOND: Pattern = {
  name: 'flat',
  invalid: 0,
  noise: 0,
  at: () => ({ perSecond: 50, errorRate: 0.005, load: 0 }),
};

/** Row 2: how soon five times the errors are found at 1 % of 50 requests per second. */
function smallStage({ scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(1000, scale);
  const draws = makeDraws(`${seed}|small-stage`);
  const worse = () =>
    drawRollout(draws, SMALL_STAGE, { pattern: FIFTY_PER_SECOND, harm: { errors: 5, slowdown: 1 } });
  const minutes = listSorted(runs, () => watch(worse())?.polls);
  const within25 = minutes.filter((minute) => minute <= 25).length;
  const median = quantile(minutes, 0.5);
  return {
    row: 2,
    quantity: 'canary: errors x5 found at 1 % (0.5 requests/s, base 0.5 %)',
    anchors: anchorsOf(anchorRuns(runs), {
      'Kayenta, every 10 min, within 60 min': () => watchByKayenta(worse(), 10),
    }),
    target: '≥ 95% within 25 min, median ≤ 12 min',
    observed: `${formatShare(within25, runs)} within 25 min, median ${median} min`,
    met: within25 >= 0.95 * runs && median <= 12,
  };
}

const FIVE_SECONDS: Schedule = { pollSeconds: 5, polls: 720, stageAt: () => 0 };

/** Row 3: how many requests a version that always fails is given. */
function brokenVersion({ scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(1000, scale);
  const draws = makeDraws(`${seed}|broken`);
  const broken = () =>
    drawRollout(draws, FIVE_SECONDS, { pattern: FIFTY_PER_SECOND, harm: { errors: 1e9, slowdown: 1 } });
  const requests = listSorted(runs, () => watch(broken())?.candidateRequests);
  const flagger = listSorted(
    anchorRuns(runs),
    () => watchBySuccessRate(broken(), FLAGGER)?.candidateRequests,
  );
  const most = quantile(requests, 0.95);
  return {
    row: 3,
    quantity: 'canary: requests given to a version that always fails, polled every 5 s (95 %)',
    anchors: [{ name: 'Flagger, 1 min interval, threshold 10', value: String(quantile(flagger, 0.95)) }],
    target: '≤ 8',
    observed: String(most),
    met: most <= 8,
  };
}

/** The base rate falls from 3.7 % to 0.07 % while the candidate's share grows: pooled, a worse candidate looks better. */
const FALLING: Pattern = {
  name: 'falling',
  invalid: 0,
  noise: 0,
  at: (minute) => ({ perSecond: 50, errorRate: swing(20 + (20 * minute) / 90), load: 0 }),
};

/** Row 4: whether twice the errors are found while the base rate moves, by the end of the 50 % stage. */
function movingBase({ scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(400, scale);
  const draws = makeDraws(`${seed}|moving-base`);
  const worse = () => drawRollout(draws, HALF_HOURS, { pattern: FALLING, harm: { errors: 2, slowdown: 1 } });
  const found = count(runs, () => watch(worse()));
  return {
    row: 4,
    quantity: 'canary: errors x2 found by the end of 50 %, while the base rate moves from 3.7 % to 0.07 %',
    anchors: anchorsOf(anchorRuns(runs), { 'z-test 1 % on pooled counts': () => lookOnce(worse(), 0.01) }),
    target: '≥ 95%',
    observed: formatShare(found, runs),
    met: found >= 0.95 * runs,
  };
}

function anchorsOf(
  runs: number,
  rules: Readonly<Record<string, () => Stop | undefined>>,
): SimulationRow['anchors'] {
  return Object.entries(rules).map(([name, rule]) => ({ name, value: formatShare(count(runs, rule), runs) }));
}

function anchorRuns(runs: number): number {
  return Math.max(20, Math.round(runs * ANCHOR_SHARE));
}

function count(runs: number, run: () => Stop | undefined): number {
  let stopped = 0;
  for (let index = 0; index < runs; index += 1) if (run() !== undefined) stopped += 1;
  return stopped;
}

/** What each run gave, in order of size; runs that never stopped are infinite. */
function listSorted(runs: number, run: () => number | undefined): readonly number[] {
  return Array.from({ length: runs }, () => run() ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}
