import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { RESAMPLES } from '../../core/gate/comparison/bootstrap.ts';
import type { GateInput } from '../../core/gate/judge/gate.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { benchInput, METRICS, ROWS, SLICES, TARGET_SECONDS, timeJudgement } from './gate-input.ts';
import { benchGateSizes } from './gate-sizes.ts';
import type { Size } from './size.ts';

const SIZES = { full: { repeats: 5, rows: ROWS }, tiny: { repeats: 1, rows: 200 } } as const;
const SCIPY_LIMIT_MS = 300_000;

/** The gate's time on 10,000 rows, 20 slices and 3 metrics by the bootstrap, beside `scipy.stats.bootstrap` on the same work. */
export async function benchGate(size: Size): Promise<void> {
  const { repeats, rows } = SIZES[size];
  const input = benchInput(rows);
  const seconds = Array.from({ length: repeats }, () => timeJudgement(input)).sort((a, b) => a - b);
  const ours = seconds[Math.floor(repeats / 2)] ?? Number.NaN;
  const theirs = timeScipy(input);
  const met = ours <= TARGET_SECONDS ? 'met' : 'missed';
  process.stdout.write(
    `gate: ${rows} rows, ${SLICES} slices, ${METRICS.length} metrics, ${RESAMPLES} resamples; processor seconds\n` +
      `  judgeGate              ${ours.toFixed(2)} s (median of ${repeats}; target ${TARGET_SECONDS} s: ${met})\n` +
      `  scipy.stats.bootstrap  ${theirs.toFixed(2)} s\n` +
      `  ratio                  ${(ours / theirs).toFixed(3)}\n`,
  );
  if (size === 'full') benchGateSizes();
}

function timeScipy({ champion, challenger }: GateInput): number {
  const work = {
    labels: [...challenger.labels],
    champion: [...(champion?.predictions ?? [])],
    challenger: [...challenger.predictions],
    slices: challenger.slices['part'],
    resamples: RESAMPLES,
  };
  const answer = spawnSync(venvProgram('python'), [join(ROOT, 'measure', 'bench', 'scipy_bootstrap.py')], {
    input: JSON.stringify(work),
    encoding: 'utf8',
    timeout: SCIPY_LIMIT_MS,
  });
  if (answer.status !== 0) throw new Error(`scipy_bootstrap.py did not finish: ${answer.stderr}`);
  return Number(answer.stdout);
}
