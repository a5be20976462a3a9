import { estimateAccuracy } from '../../core/drift/estimate-accuracy.ts';
import { judgeLabels, type LabelCohort } from '../../core/drift/labels/judge-labels.ts';
import type { ConfidenceBins } from '../../core/drift/profile.ts';
import { toInstant } from '../../core/instant.ts';
import { type Draws, makeDraws } from './draws.ts';
import {
  drawsAt,
  formatShare,
  keepsPromise,
  medianOf,
  type SimulationOptions,
  type SimulationRow,
} from './simulation-row.ts';

const BINS = 20;
const REFERENCE_ROWS = 10_000;
const CHUNK_ROWS = 1000;
/** How much too sure of itself the simulated model is: its log-odds are this many times the true ones. */
const OVERCONFIDENCE = 2;
const NO_GUARDS = { outOfRangeShare: 0, hasInputAlarm: false, hasLabelAlarm: false };

type Row = { readonly confidence: number; readonly isRight: boolean };

/** A prediction whose true chance of being right follows from its input; `mean` moves where inputs lie. */
function drawRow(draws: Draws, mean: number): Row {
  const logOdds = Math.abs(mean + 1.2 * draws.normal());
  const chance = 1 / (1 + Math.exp(-logOdds));
  const confidence = 1 / (1 + Math.exp(-OVERCONFIDENCE * logOdds));
  return { confidence, isRight: draws.uniform() < chance };
}

function drawReference(draws: Draws): ConfidenceBins {
  const rows = Array.from({ length: REFERENCE_ROWS }, () => drawRow(draws, 1));
  const sorted = rows.map(({ confidence }) => confidence).sort((a, b) => a - b);
  const edges = Array.from(
    { length: BINS - 1 },
    (_, bin) => sorted[((bin + 1) * REFERENCE_ROWS) / BINS - 1] ?? 1,
  );
  return {
    edges,
    total: countBins(edges, rows),
    correct: countBins(
      edges,
      rows.filter(({ isRight }) => isRight),
    ),
  };
}

function countBins(edges: readonly number[], rows: readonly Row[]): number[] {
  const counts = [...edges, 0].map(() => 0);
  for (const { confidence } of rows) {
    const at = binOf(edges, confidence);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

function binOf(edges: readonly number[], confidence: number): number {
  const bin = edges.findIndex((edge) => confidence <= edge);
  return bin === -1 ? edges.length : bin;
}

/** Row 11: how far the estimate without labels is from the truth while inputs move and their meaning does not. */
export function simulateEstimate({ scale, seed }: SimulationOptions): SimulationRow {
  const chunks = drawsAt(500, scale, 200);
  const draws = makeDraws(`${seed}|estimate`);
  let [error, rawError, covered] = [0, 0, 0];
  let bins = drawReference(draws);
  for (let chunk = 0; chunk < chunks; chunk += 1) {
    if (chunk % 20 === 0) bins = drawReference(draws);
    const rows = Array.from({ length: CHUNK_ROWS }, () => drawRow(draws, 1 - (chunk % 10) / 8));
    const truth = rows.filter(({ isRight }) => isRight).length / CHUNK_ROWS;
    const raw = rows.reduce((sum, { confidence }) => sum + confidence, 0) / CHUNK_ROWS;
    const estimate = estimateAccuracy(bins, countBins(bins.edges, rows), NO_GUARDS);
    if (estimate.kind === 'suppressed') throw new Error(estimate.explanation);
    error += Math.abs(estimate.accuracy - truth) / chunks;
    rawError += Math.abs(raw - truth) / chunks;
    if (estimate.interval.low <= truth && truth <= estimate.interval.high) covered += 1;
  }
  return {
    row: 11,
    quantity: 'accuracy without labels: mean error of the estimate while inputs move, 1,000 rows',
    anchors: [{ name: 'mean of raw confidences', value: `${(100 * rawError).toFixed(1)} pp` }],
    target: '≤ 1.5 pp, 95% intervals hold the truth in 93–97%',
    observed: `${(100 * error).toFixed(2)} pp, ${formatShare(covered, chunks)} of ${chunks}`,
    met: error <= 0.015 && covered >= 0.93 * chunks && covered <= 0.97 * chunks,
  };
}

const DROP = 0.05;
const LABELS_PER_COHORT = 10;
const LABELS_PER_DAY = 1_000;
const DECAY_LABELS_PER_DAY = 100;
const DAY_MS = 86_400_000;
const YEAR_SECONDS = 365 * 86_400;
const ALWAYS = { now: '2027-01-01T00:00:00Z', maturitySeconds: 0 } as const;
/** Accuracy by confidence bin of the simulated model, each bin half of all rows. */
const PROMISED = [0.85, 0.95] as const;

/** Row 12: labels until a drop of accuracy by 5 points is found. */
export function simulateLabels({ scale, seed }: SimulationOptions): SimulationRow {
  const runs = drawsAt(200, scale, 50);
  const draws = makeDraws(`${seed}|labels`);
  const median = medianOf(Array.from({ length: runs }, () => labelsToAlarm(draws)));
  return {
    row: 12,
    quantity:
      'labels until accuracy fallen from 90 % to 85 % is found, 100 labels a day, reference of 10,000 rows, one false alarm a year',
    anchors: [],
    target: 'median ≤ 900',
    observed: `median ${median} (${runs} runs)`,
    met: median <= 900,
  };
}

/** Cohorts of ten labels of a model that is right 5 points less often than its confidence promises. */
function labelsToAlarm(draws: Draws): number {
  const bins: ConfidenceBins = { edges: [0.8], total: [5000, 5000], correct: [4250, 4750] };
  const cohorts: LabelCohort[] = [];
  const length = (DAY_MS * LABELS_PER_COHORT) / DECAY_LABELS_PER_DAY;
  for (let cohort = 0; cohort < 1000; cohort += 1) {
    cohorts.push(drawCohort(draws, { at: cohort * length, length, labels: LABELS_PER_COHORT, drop: DROP }));
    if (cohort % 2 === 0) continue;
    const judged = judgeLabels(bins, cohorts, { ...ALWAYS, falseAlarmSeconds: YEAR_SECONDS });
    if (judged.verdict === 'fail') return judged.labels;
  }
  return Number.POSITIVE_INFINITY;
}

/** `at` is when it begins and `length` how long it is, in ms; of its answers so many are in each confidence bin, a half each unless told. */
type CohortKind = {
  readonly at: number;
  readonly length: number;
  readonly labels: number;
  readonly drop: number;
  readonly model?: Model;
};

/** Accuracy by confidence bin, and the shares of the bins on the holdout and of live answers. */
type Model = {
  readonly promised: readonly number[];
  readonly held: readonly number[];
  readonly live: readonly number[];
};

const HALVES: Model = { promised: PROMISED, held: [0.5, 0.5], live: [0.5, 0.5] };

/** Nearly always sure on the holdout, and less sure of live answers: most of those are in bins of which the holdout has few rows. */
const LESS_SURE: Model = {
  promised: [0.5, 0.6, 0.7, 0.8, 0.99],
  held: [0.01, 0.01, 0.01, 0.02, 0.95],
  live: [0.05, 0.05, 0.05, 0.05, 0.8],
};

function drawCohort(draws: Draws, { at, length, labels, drop, model = HALVES }: CohortKind): LabelCohort {
  const counts = draws.multinomial(labels, model.live);
  const correct = model.promised.map((promised, bin) => draws.binomial(counts[bin] ?? 0, promised - drop));
  const from = Date.UTC(2026, 0, 1) + at;
  return {
    from: toInstant(from),
    to: toInstant(from + length),
    predicted: counts,
    labelled: counts,
    correct,
  };
}

const MONTH_DAYS = 30;
const MOST_ALARMED = 0.03;
const FULL_DEPLOYMENTS = 2_000;

/** Row 26: deployments in which labels say within a month that the model is worse than promised, though nothing changes. */
export function quietLabelRows({ scale, seed }: SimulationOptions): SimulationRow[] {
  const asSure = [300, 500, 1_000, 2_000, 10_000].map((rows) => ({ rows, model: HALVES, more: '' }));
  const lessSure = [300, 1_000].map((rows) => ({
    ...{ rows, model: LESS_SURE },
    more: ', live answers less sure than the reference',
  }));
  return [...asSure, ...lessSure].map(({ rows, model, more }) => {
    const deployments = drawsAt(FULL_DEPLOYMENTS, scale, 100);
    const draws = makeDraws(`${seed}|quiet-labels|${rows}${more}`);
    let alarmed = 0;
    for (let index = 0; index < deployments; index += 1) if (hasLabelAlarm(draws, rows, model)) alarmed += 1;
    return {
      row: 26,
      quantity: `late labels: any alarm in ${MONTH_DAYS} days of 1,000 labels, nothing changes, reference of ${rows} rows${more}`,
      anchors: [],
      target: `≤ ${100 * MOST_ALARMED}% of deployments`,
      observed: `${formatShare(alarmed, deployments)} of ${deployments}`,
      met: keepsPromise(alarmed, deployments, { most: MOST_ALARMED, fullDraws: FULL_DEPLOYMENTS }),
    };
  });
}

/** A month of labels against a promise that was itself drawn, looked at every day. */
function hasLabelAlarm(draws: Draws, rows: number, model: Model): boolean {
  const total = draws.multinomial(rows, model.held);
  const correct = model.promised.map((promised, bin) => draws.binomial(total[bin] ?? 0, promised));
  const bins = { edges: [], total, correct };
  const cohorts: LabelCohort[] = [];
  for (let day = 0; day < MONTH_DAYS; day += 1) {
    const kind = { at: day * DAY_MS, length: DAY_MS, labels: LABELS_PER_DAY, drop: 0, model };
    cohorts.push(drawCohort(draws, kind));
    const judged = judgeLabels(bins, cohorts, { ...ALWAYS, falseAlarmSeconds: YEAR_SECONDS });
    if (judged.verdict === 'fail') return true;
  }
  return false;
}
