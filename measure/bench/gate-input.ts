import { type GateInput, judgeGate } from '../../core/gate/judge/gate.ts';
import type { Predictions } from '../../core/gate/predictions.ts';
import type { GateRule } from '../../core/gate/rules/rule.ts';
import { randomStream } from '../../core/statistics/random/random-stream.ts';

export const ROWS = 10_000;
export const SLICES = 20;
export const METRICS = ['f1', 'balanced-accuracy', 'mcc'] as const;
/** What one judgement of `benchInput` may take on two cores. */
export const TARGET_SECONDS = 5;

/** Processor seconds that one judgement takes, which other work on the machine does not lengthen much. */
export function timeJudgement(input: GateInput): number {
  const before = process.cpuUsage();
  judgeGate(input);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** Two models on 10,000 rows, compared as a whole and in 20 slices by three metrics that need the bootstrap. */
export function benchInput(rows = ROWS): GateInput {
  const rules = METRICS.flatMap((metric): GateRule[] => [
    { kind: 'compare', metric, require: 'non-inferior', margin: 0.005 },
    { kind: 'slices', metric, column: 'part', policy: 'guard', margin: 0 },
  ]);
  return {
    rules,
    champion: makeModel('champion', rows),
    challenger: makeModel('challenger', rows),
    holdout: { digest: 'bench', gatesSoFar: 0 },
    seed: 'bench',
    reproduce: 'npm run bench -- gate',
    names: { champion: 'champion', challenger: 'challenger' },
  };
}

function makeModel(name: string, rows: number): Predictions {
  const random = randomStream(name);
  const labels = Float64Array.from({ length: rows }, (_, row) => row % 2);
  return {
    task: 'binary',
    classes: ['no', 'yes'],
    ids: Array.from(labels, (_, row) => String(row)),
    labels,
    predictions: labels.map((label) => (random.uniform() < 0.1 ? 1 - label : label)),
    scores: [],
    groups: undefined,
    slices: { part: Array.from(labels, (_, row) => `part-${Math.floor(row / 2) % SLICES}`) },
  };
}
