import type { FeatureJudgement } from '../drift/judge-feature.ts';
import { LABELS_WORSE } from '../drift/labels/judge-labels.ts';
import type { FastFinding } from '../drift/prediction-checks.ts';
import { isAfter, secondsBetween } from '../instant.ts';
import { environmentOf } from '../ledger/state.ts';
import { formatDuration } from '../report/format-number.ts';
import type { Finding, MonitorAction } from './finding.ts';
import type { MonitorInput } from './monitor-input.ts';

/** A champion that misbehaves within this time of its promotion is rolled back; later, its surroundings are suspected. */
const NEW_CHAMPION_SECONDS = 7 * 86_400;

/** Codes of the fast lane that speak of the model's answers, and those that speak of what it is asked. */
const ANSWER_CODES: ReadonlySet<string> = new Set(['invalid-output', 'constant-prediction']);
const INPUT_CODES: ReadonlySet<string> = new Set(['missing-values', 'out-of-range', 'unseen-category']);

/** What inputs, outputs and labels say: broken answers, drift, accuracy below its promise, a champion grown old. */
export function findDataTroubles(input: MonitorInput): readonly Finding[] {
  return [
    ...(input.fastLane?.findings ?? []).map((found) => weighFast(input, found)),
    ...findDrift(input),
    ...findLabels(input),
    ...findStaleness(input),
  ];
}

/**
 * Answers that broke soon after the promotion ask for the version before. One and the same answer to everything does so only when the
 * inputs do not explain it, that is, when no input has drifted or fails a check of the fast lane, or when this version never answered
 * otherwise: else the version before would be asked the same, and what the drift asks for is done.
 */
function weighFast(input: MonitorInput, found: FastFinding): Finding {
  const { since, ...reason } = found;
  const broke = ANSWER_CODES.has(found.code) && brokeWhenNew(input, since);
  const isExplained =
    found.code === 'constant-prediction' && haveInputsMoved(input) && since !== input.fastLane?.from;
  return { wants: broke && !isExplained ? 'rollback' : 'investigate', reason };
}

function haveInputsMoved({ drift, fastLane }: MonitorInput): boolean {
  const drifted = drift?.features.some(
    ({ kind, derived, verdict }) => kind !== 'prediction' && derived !== 'slice' && verdict === 'fail',
  );
  return drifted === true || fastLane?.findings.some(({ code }) => INPUT_CODES.has(code)) === true;
}

/**
 * A shift of act severity asks for a training, of warning severity for a look. Once acted upon, it is an act until it is
 * below the warning level, so that an index near the limit does not change the decision from day to day. Skew is
 * looked into: training again on the same path would reproduce it. A shift that the ledger knows to have begun in service stays drift
 * when the windows before it are no longer kept, and it seems to have been there from the first.
 */
function findDrift(input: MonitorInput): readonly Finding[] {
  const { drift } = input;
  if (drift === undefined) return [];
  const before = findKnownCodes(input);
  const reasons = new Map(drift.reasons.map((reason) => [reason.metric, reason]));
  return drift.features
    .filter(({ verdict }) => verdict === 'fail')
    .flatMap((feature) => {
      const reason = reasons.get(feature.name);
      if (reason === undefined) return [];
      const { wants, code } = weighShift(feature, before);
      return [{ wants, reason: { ...reason, code } }];
    });
}

/** What was last found of the version that is champion now, muted or not: of the one before it, it says nothing. */
function findKnownCodes({ ledger, environment }: MonitorInput): ReadonlySet<string> {
  const { champion, monitor } = environmentOf(ledger, environment);
  const isOfChampion = champion !== undefined && monitor !== undefined && isAfter(monitor.at, champion.at);
  return new Set(isOfChampion ? [...monitor.codes, ...(monitor.muted ?? [])] : []);
}

function weighShift(
  { alarm, severity, name }: FeatureJudgement,
  before: ReadonlySet<string>,
): { readonly wants: MonitorAction; readonly code: string } {
  const [acted, warned] = [`drift-act:${name}`, `drift-warn:${name}`];
  const beganInService = before.has(acted) || before.has(warned);
  if (alarm?.kind === 'skew' && !beganInService) return { wants: 'investigate', code: `skew:${name}` };
  if (severity === 'act' || before.has(acted)) return { wants: 'retrain', code: acted };
  return { wants: 'investigate', code: warned };
}

function findLabels(input: MonitorInput): readonly Finding[] {
  const { labels } = input;
  if (labels?.verdict !== 'fail') return [];
  const wants = brokeWhenNew(input, labels.alarmSince) ? 'rollback' : 'retrain';
  return labels.reasons.filter(({ code }) => code === LABELS_WORSE).map((reason) => ({ wants, reason }));
}

function findStaleness(input: MonitorInput): readonly Finding[] {
  const { policy, now } = input;
  const since = environmentOf(input.ledger, input.environment).champion?.at;
  if (policy.stalenessSeconds === undefined || since === undefined) return [];
  const seconds = secondsBetween(since, now);
  if (!(seconds > policy.stalenessSeconds)) return [];
  const message = `The champion was deployed ${formatDuration(seconds)} ago; the limit is ${formatDuration(policy.stalenessSeconds)}.`;
  const reason = { code: 'stale', metric: 'age', message, observed: seconds, limit: policy.stalenessSeconds };
  return [{ wants: 'retrain', reason }];
}

/** Whether trouble since `since` began soon after the champion was promoted, and there is a version to return to. */
function brokeWhenNew(input: MonitorInput, since: string | undefined): boolean {
  const { champion, previous } = environmentOf(input.ledger, input.environment);
  if (previous === undefined || champion === undefined || since === undefined) return false;
  const seconds = secondsBetween(champion.at, since);
  return seconds > -NEW_CHAMPION_SECONDS && seconds <= NEW_CHAMPION_SECONDS;
}
