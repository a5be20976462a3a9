import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { z } from 'zod';
import { DEFAULT_DRIFT_OPTIONS, type DriftOptions } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { FeatureJudgement } from '../../../core/drift/judge-feature.ts';
import { type ReferenceProfile, referenceProfileSchema } from '../../../core/drift/profile.ts';
import { type CaptureWindow, captureWindowSchema } from '../../../core/drift/window.ts';
import { formatPercent } from '../../../core/report/format-number.ts';
import { ROOT, venvProgram } from '../../../sandbox/checkout.ts';
import { simulatedWindow } from '../simulated-model.ts';
import {
  drawsAt,
  formatMedian,
  medianOf,
  type SimulationOptions,
  type SimulationRow,
} from '../simulation-row.ts';

const SCRIPT = join(import.meta.dirname, 'draw_deployments.py');
const DAY_MS = 86_400_000;
const LIVE_DAYS = 30;
const QUIET_DAYS = 7;
/** Of fewer a single alarm is more a month than is promised. */
const FEWEST_MONTHS = 20;
const DRAWN_WITHIN_MS = 900_000;
const MOST_BYTES = 2 ** 30;

const drawnSchema = z.object({
  profile: referenceProfileSchema,
  days: z.array(captureWindowSchema.pick({ n: true, features: true, prediction: true })),
});

type Deployment = { readonly profile: ReferenceProfile; readonly days: readonly CaptureWindow[] };

/** What is drawn: how far columns wander, whether the profile knows its days, and how a pair goes together after a week. */
type Drawn = { readonly wobble: number; readonly days: boolean; readonly strong?: number };

/** Row 32: columns that go together otherwise, each as it was: false alarms of what watches it, and days until it is found. */
export function togetherRows(options: SimulationOptions): SimulationRow[] {
  return [
    quiet({ wobble: 0, days: true }, options),
    quiet({ wobble: 0.1, days: true }, options),
    withoutDays(options),
    broken(-0.8, 1, options),
    broken(0, 2, options),
  ];
}

function quiet(drawn: Drawn, options: SimulationOptions): SimulationRow {
  const deployments = drawDeployments(drawsAt(100, options.scale, FEWEST_MONTHS), drawn, options);
  const alarms = (chosen: (feature: FeatureJudgement) => boolean) =>
    deployments.reduce((sum, { profile, days }) => {
      const settings: DriftOptions = { ...DEFAULT_DRIFT_OPTIONS, warmUpBatches: 0 };
      const { features } = judgeDrift(profile, days, settings);
      return sum + features.filter(chosen).reduce((total, one) => total + one.alarms, 0);
    }, 0) / deployments.length;
  const perMonth = alarms(() => true);
  const most = drawn.wobble === 0 ? 0.1 : 0.3;
  return {
    row: 32,
    quantity: `drift of columns together: false alarms a month, 6 columns and 8 directions, 1,000 rows a day, ${wandering(drawn)}`,
    anchors: [],
    target: `≤ ${most} (28 days of reference)`,
    observed: `${perMonth.toFixed(2)}, ${alarms(({ derived }) => derived === 'together').toFixed(2)} of them along directions (${deployments.length} months)`,
    met: perMonth <= most,
  };
}

/** A profile without days: what is usual has to be learnt meanwhile, which single columns are too seldom untold for already. */
function withoutDays(options: SimulationOptions): SimulationRow {
  const drawn = { wobble: 0.1, days: false };
  const deployments = drawDeployments(drawsAt(100, options.scale, 3), drawn, options);
  const shareTold = (profileOf: (profile: ReferenceProfile) => ReferenceProfile) =>
    deployments.filter(({ profile, days }) => Number.isFinite(daysToTell(profileOf(profile), days, 0)))
      .length / deployments.length;
  const [all, alone] = [shareTold((profile) => profile), shareTold(withoutDirections)];
  return {
    row: 32,
    quantity: `drift of columns together: deployments told of any drift on any day of a month, no days in the profile, 1,000 rows a day, ${wandering(drawn)}`,
    anchors: [{ name: 'each column alone', value: formatPercent(alone) }],
    target: 'at most 10 points more than by each column alone',
    observed: `${formatPercent(all)} of ${deployments.length}`,
    met: all <= alone + 0.1,
  };
}

function broken(strong: number, most: number, options: SimulationOptions): SimulationRow {
  const drawn = { wobble: 0.05, days: true, strong };
  const deployments = drawDeployments(drawsAt(60, options.scale, 3), drawn, options);
  const delays = deployments.map(({ profile, days }) => daysToTell(profile, days, QUIET_DAYS));
  const alone = deployments.map(({ profile, days }) =>
    daysToTell(withoutDirections(profile), days, QUIET_DAYS),
  );
  const median = medianOf(delays);
  return {
    row: 32,
    quantity: `drift of columns together: days to tell of a pair whose correlation goes from 0.8 to ${strong}, each column as it was, 1,000 rows a day, ${wandering(drawn)}`,
    anchors: [{ name: 'each column alone', value: formatMedian(medianOf(alone)) }],
    target: `median ≤ ${most}`,
    observed: formatMedian(median),
    met: median <= most,
  };
}

/** Days after the `quiet` ones until any drift is told. */
function daysToTell(profile: ReferenceProfile, days: readonly CaptureWindow[], quietDays: number): number {
  for (let count = quietDays + 1; count <= days.length; count += 1) {
    if (judgeDrift(profile, days.slice(0, count), DEFAULT_DRIFT_OPTIONS).verdict === 'fail')
      return count - quietDays;
  }
  return Number.POSITIVE_INFINITY;
}

function withoutDirections(profile: ReferenceProfile): ReferenceProfile {
  return { ...profile, features: profile.features.filter(({ together }) => together === undefined) };
}

function wandering({ wobble }: Drawn): string {
  return wobble === 0 ? 'nothing changes' : `each wanders by ${wobble} sd`;
}

function drawDeployments(
  count: number,
  { wobble, days, strong }: Drawn,
  { seed }: SimulationOptions,
): readonly Deployment[] {
  const broken = strong === undefined ? [] : ['--after', String(QUIET_DAYS), `--strong=${strong}`];
  const args = [
    ...[SCRIPT, '--seed', String(seed), '--deployments', String(count)],
    ...['--live', String(LIVE_DAYS), '--wobble', String(wobble), ...broken, ...(days ? ['--days'] : [])],
  ];
  const { status, stdout, stderr } = spawnSync(venvProgram('python'), args, {
    env: { ...process.env, PYTHONPATH: join(ROOT, 'runtime') },
    encoding: 'utf8',
    maxBuffer: MOST_BYTES,
    timeout: DRAWN_WITHIN_MS,
  });
  if (status !== 0) throw new Error(`draw_deployments.py could not be run: ${stderr}`);
  return stdout.trim().split('\n').map(readDeployment);
}

function readDeployment(line: string): Deployment {
  const { profile, days } = drawnSchema.parse(JSON.parse(line));
  return { profile, days: days.map((counted, day) => simulatedWindow(day, DAY_MS, counted)) };
}
