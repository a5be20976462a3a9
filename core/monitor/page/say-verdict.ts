import type { FeatureJudgement } from '../../drift/judge-feature.ts';
import { LABELS_WORSE } from '../../drift/labels/judge-labels.ts';
import { compareInstants } from '../../instant.ts';
import { formatLongDay } from '../../report/format-day.ts';
import { formatList } from '../../report/format-list.ts';
import { formatCount } from '../../report/format-number.ts';
import type { MonitorDecision } from '../decide-monitor.ts';
import { findBeginning } from '../evidence/find-beginning.ts';
import type { MonitorAction } from '../finding.ts';
import type { MonitorInput } from '../monitor-input.ts';
import { sayDecision } from '../say-action.ts';
import { quoteFeature } from './name-feature.ts';

const MOST_NAMES = 3;
const SHIFT_CODE = /^(?<kind>drift-act|drift-warn|skew):(?<name>.*)$/s;

/**
 * The three things to know first: the verdict in one sentence, since when, and what is done about it. `since` is the first moment, and
 * `obstacle` says what stands in the way where what is wanted is not done.
 */
type SaidVerdict = {
  readonly headline: string;
  readonly sentence: string;
  readonly since?: string;
  readonly obstacle?: string;
  readonly done: string;
};

/** What was decided, as a person would say it who has no time. */
export function sayVerdict(decision: MonitorDecision, input: MonitorInput): SaidVerdict {
  const shifted = findDecisive(decision, input);
  const since = findSince(shifted, decision.codes, input);
  const obstacle = findObstacle(decision);
  return {
    headline: sayDecision(decision),
    sentence:
      shifted.length > 0
        ? [sayShift(shifted, input), ...sayLoss(decision)].join(' ')
        : sayFound(decision.explanation, obstacle),
    ...(since !== undefined && { since }),
    ...(obstacle !== undefined && { obstacle }),
    done: sayDone(decision.action, obstacle),
  };
}

function findObstacle({ action, wanted, reasons }: MonitorDecision): string | undefined {
  return action === wanted ? undefined : reasons.findLast(({ metric }) => metric === 'policy')?.message;
}

/** The shifted features that the decision rests on; none where something else decided. */
function findDecisive(
  { codes, wanted }: MonitorDecision,
  { drift }: MonitorInput,
): readonly FeatureJudgement[] {
  const wants = (kind: string | undefined) => (kind === 'drift-act' ? 'retrain' : 'investigate');
  const names = new Set(
    codes.flatMap((code) => {
      const found = SHIFT_CODE.exec(code)?.groups;
      return found !== undefined && wants(found['kind']) === wanted ? [found['name']] : [];
    }),
  );
  return (drift?.features ?? []).filter(({ name, verdict }) => verdict === 'fail' && names.has(name));
}

function findSince(
  shifted: readonly FeatureJudgement[],
  codes: readonly string[],
  input: MonitorInput,
): string | undefined {
  const { labels, fastLane } = input;
  const isOfLabels = codes.includes(LABELS_WORSE) && labels?.alarmSince !== undefined;
  const ofLabels = isOfLabels ? [labels.alarmSince] : [];
  if (shifted.length > 0) return earliest([...findBeginnings(shifted, input), ...ofLabels]);
  const fast = (fastLane?.findings ?? []).filter(({ code }) => codes.includes(code));
  return earliest([...ofLabels, ...fast.map(({ since }) => since)]);
}

function findBeginnings(
  shifted: readonly FeatureJudgement[],
  { policy }: Pick<MonitorInput, 'policy'>,
): readonly string[] {
  return shifted.flatMap((one) => findBeginning(one, policy.drift.warn)?.began ?? []);
}

function earliest(instants: readonly string[]): string | undefined {
  return instants.toSorted(compareInstants)[0];
}

function sayShift(shifted: readonly FeatureJudgement[], input: Pick<MonitorInput, 'policy'>): string {
  const since = earliest(findBeginnings(shifted, input));
  const inputs = toldFirst(shifted.filter(({ kind }) => kind !== 'prediction')).map(quoteFeature);
  const [first = '', ...others] = inputs;
  const names = inputs.length > MOST_NAMES ? [first, `${formatCount(others.length)} other inputs`] : inputs;
  const said = formatList([...names, ...(inputs.length < shifted.length ? ['the answers'] : [])]);
  const isSkew = shifted.every(({ alarm }) => alarm?.kind === 'skew');
  if (isSkew) return `${capitalise(said)} never looked like training since this version serves.`;
  const has = shifted.length === 1 ? 'has' : 'have';
  return `${capitalise(said)} ${has} drifted away from training${since === undefined ? '' : ` since ${formatLongDay(since)}`}.`;
}

/** Labels that ask for the training, too, tell more than what comes in: that answers are wrong. */
function sayLoss({ codes, reasons }: MonitorDecision): readonly string[] {
  return reasons
    .filter(({ code }) => code === LABELS_WORSE && codes.includes(code))
    .map(({ message }) => message);
}

/** Neither what the headline says already, nor the obstacle, which is told as what is done. */
function sayFound(explanation: string, obstacle: string | undefined): string {
  const rest = /^[^.]*\.\s+(?<rest>\S.*)$/s.exec(explanation)?.groups?.['rest'] ?? explanation;
  return obstacle !== undefined && rest.endsWith(obstacle) ? rest.slice(0, -obstacle.length).trim() : rest;
}

const DONE: Readonly<Record<MonitorAction, string>> = {
  none: 'Nothing has to be done.',
  investigate: 'People are asked to look: one issue is open and says what at.',
  retrain: 'A new training is asked for. What it gives has to pass the gate before it serves.',
  rebuild: 'A person is asked to deploy the package again; the issue names the command.',
  rollback: 'A person is asked to return to the version before; the issue names the command.',
};

function sayDone(action: MonitorAction, obstacle: string | undefined): string {
  if (obstacle === undefined) return DONE[action];
  return `${action === 'none' ? 'Nothing for now.' : DONE[action]} ${obstacle}`;
}

/** What people have a name for says more to them than a statistic that is further away; of each kind the most shifted first. */
function toldFirst(shifted: readonly FeatureJudgement[]): readonly FeatureJudgement[] {
  const isStatistic = ({ kind }: FeatureJudgement) => kind === 'projection';
  return [...shifted.filter((one) => !isStatistic(one)), ...shifted.filter(isStatistic)];
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
