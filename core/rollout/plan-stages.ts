import type { Problem } from '../errors.ts';
import { formatDuration, formatPercent } from '../report/format-number.ts';
import { defaultObjectiveLimit } from './evidence/objective.ts';
import type { RolloutPlan } from './rollout-plan.ts';
import {
  oddsRatioLookedFor,
  requiredRequests,
  SMALLEST_BASE_RATE,
  smallestVisible,
} from './stage-requirement.ts';

/** One stage before it runs: how long it takes at the present traffic, and what it can see by then. Times in seconds. */
export type StageForecast = {
  readonly percent: number;
  readonly candidatePerSecond: number;
  readonly requests: number;
  readonly seconds: number;
  /** The error odds ratio the stage waits to be able to see. */
  readonly looksFor: number;
  /** The smallest one it finds in 80 % of rollouts with its requests; `undefined` when not even 99. */
  readonly finds: number | undefined;
  /** The smallest one it finds in 80 % of rollouts by its minimum time. */
  readonly findsByMinimum: number | undefined;
  /** At 100 % nothing is left to compare with: only error rates over this are found. */
  readonly errorLimit?: number;
};

export type StageForecasts = {
  readonly stages: readonly StageForecast[];
  readonly totalSeconds: number;
  readonly requestsPerSecond: number;
  readonly baseErrorRate: number;
  /** The error rate is not known, and taken for the smallest. */
  readonly isRateAssumed: boolean;
  readonly problems: readonly Problem[];
};

/** What each stage can and can't detect at the present traffic (requests per second of all hosts) and, where known, error rate. */
export function planStages(input: {
  readonly plan: RolloutPlan;
  readonly requestsPerSecond: number;
  readonly baseErrorRate?: number;
}): StageForecasts {
  const { plan } = input;
  const requestsPerSecond = positiveOrZero(input.requestsPerSecond);
  const baseErrorRate = Math.min(0.5, Math.max(SMALLEST_BASE_RATE, positiveOrZero(input.baseErrorRate ?? 0)));
  const stages = plan.stages.map((percent) =>
    forecastStage(plan, percent, { requestsPerSecond, baseErrorRate }),
  );
  const totalSeconds = stages.reduce((sum, { seconds }) => sum + seconds, 0);
  const problems = findPlanProblems(plan, stages, totalSeconds);
  const isRateAssumed = input.baseErrorRate === undefined;
  return { stages, totalSeconds, requestsPerSecond, baseErrorRate, isRateAssumed, problems };
}

function forecastStage(
  plan: RolloutPlan,
  percent: number,
  { requestsPerSecond, baseErrorRate }: Pick<StageForecasts, 'requestsPerSecond' | 'baseErrorRate'>,
): StageForecast {
  const candidatePerSecond = (requestsPerSecond * percent) / 100;
  const requests = requiredRequests(plan, percent, baseErrorRate);
  const wait = requests === 0 ? 0 : requests / candidatePerSecond;
  const seconds = Math.max(plan.stageMinSeconds, wait);
  const findsWith = (count: number) => smallestVisible(count, baseErrorRate, plan.alarmAlpha);
  return {
    percent,
    candidatePerSecond,
    requests,
    seconds,
    looksFor: oddsRatioLookedFor(percent),
    finds: findsWith(Number.isFinite(seconds) ? Math.max(requests, candidatePerSecond * seconds) : requests),
    findsByMinimum: findsWith(candidatePerSecond * plan.stageMinSeconds),
    ...(percent === 100 && { errorLimit: plan.slo?.maxErrorRate ?? defaultObjectiveLimit(baseErrorRate) }),
  };
}

function findPlanProblems(
  plan: RolloutPlan,
  stages: readonly StageForecast[],
  totalSeconds: number,
): readonly Problem[] {
  if (!Number.isFinite(totalSeconds)) {
    return [
      {
        code: 'no-traffic',
        message: 'There is no traffic at present, so no stage can gather its evidence.',
        remedy: 'Send traffic, or set rollout min-requests to 0 to go by time alone.',
      },
    ];
  }
  if (totalSeconds <= plan.deadlineSeconds) return [];
  const slowest = stages.reduce((worst, stage) => (stage.seconds > worst.seconds ? stage : worst));
  return [
    {
      code: 'deadline-too-short',
      message:
        `The deadline of ${formatDuration(plan.deadlineSeconds)} passes before that; of the time, the ` +
        `${formatPercent(slowest.percent / 100)} stage takes ${formatDuration(slowest.seconds)} for its requests.`,
      remedy: 'Raise the deadline, or set rollout min-requests to accept seeing only grosser harm.',
    },
  ];
}

function positiveOrZero(value: number): number {
  return Number.isFinite(value) && value > 0 ? value : 0;
}
