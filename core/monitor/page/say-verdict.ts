import type { FeatureJudgement } from '../../drift/judge-feature.ts';
import { LABELS_WORSE } from '../../drift/labels/judge-labels.ts';
import { compareInstants } from '../../instant.ts';
import { formatLongDay } from '../../report/format-day.ts';
import { formatCount } from '../../report/format-number.ts';
import type { MonitorDecision } from '../decide-monitor.ts';
import { findBeginning } from '../evidence/find-beginning.ts';
import type { MonitorAction } from '../finding.ts';
import type { MonitorInput } from '../monitor-input.ts';
import { sayDecision } from '../say-action.ts';
import { nameFeature } from './name-feature.ts';

const MOST_NAMES = 3;
const SHIFT_CODE = /^(?<kind>drift-act|drift-warn|skew):(?<name>.*)$/s;

/** The three things to know first: the verdict in one sentence, since when, and what is done about it. `since` is the first moment. */
type SaidVerdict = {
  readonly headline: string;
  readonly sentence: string;
  readonly since?: string;
  readonly done: string;
};

/** What was decided, as a person would say it who has no time. */
export function sayVerdict(decision: MonitorDecision, input: MonitorInput): SaidVerdict {
  const shifted = findDecisive(decision, input);
  const since = findSince(shifted, decision.codes, input);
  return {
    headline: sayDecision(decision),
    sentence: shifted.length > 0 ? sayShift(shifted, since) : dropHeadline(decision.explanation),
    ...(since !== undefined && { since }),
    done: sayDone(decision),
  };
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
  const { warn } = input.policy.drift;
  if (shifted.length > 0) return earliest(shifted.flatMap((one) => findBeginning(one, warn)?.began ?? []));
  const { labels, fastLane } = input;
  const isOfLabels = codes.includes(LABELS_WORSE) && labels?.alarmSince !== undefined;
  const fast = (fastLane?.findings ?? []).filter(({ code }) => codes.includes(code));
  return earliest([...(isOfLabels ? [labels.alarmSince] : []), ...fast.map(({ since }) => since)]);
}

function earliest(instants: readonly string[]): string | undefined {
  return instants.toSorted(compareInstants)[0];
}

function sayShift(shifted: readonly FeatureJudgement[], since: string | undefined): string {
  const names = toldFirst(shifted).map((feature) => `\`${nameFeature(feature)}\``);
  const said = new Intl.ListFormat('en', { type: 'conjunction' }).format(
    names.length > MOST_NAMES ? [names[0] ?? '', `${formatCount(names.length - 1)} others`] : names,
  );
  const isSkew = shifted.every(({ alarm }) => alarm?.kind === 'skew');
  if (isSkew) return `${capitalise(said)} never looked like training since this version serves.`;
  const has = shifted.length === 1 ? 'has' : 'have';
  return `${capitalise(said)} ${has} drifted away from training${since === undefined ? '' : ` since ${formatLongDay(since)}`}.`;
}

/** The headline says it already. */
function dropHeadline(explanation: string): string {
  const rest = /^[^.]*\.\s+(?<rest>\S.*)$/s.exec(explanation)?.groups?.['rest'];
  return rest ?? explanation;
}

const DONE: Readonly<Record<MonitorAction, string>> = {
  none: 'Nothing has to be done.',
  investigate: 'People are asked to look: one issue is open and says what at.',
  retrain: 'A new training is asked for. What it gives has to pass the gate before it serves.',
  rebuild: 'A person is asked to deploy the package again; the issue names the command.',
  rollback: 'A person is asked to return to the version before; the issue names the command.',
};

function sayDone({ action, wanted, reasons }: MonitorDecision): string {
  if (action === wanted) return DONE[action];
  const obstacle = reasons.findLast(({ metric }) => metric === 'policy')?.message ?? '';
  return `${action === 'none' ? 'Nothing for now.' : DONE[action]} ${obstacle}`.trim();
}

/** What people have a name for says more to them than a statistic that is further away; of each kind the most shifted first. */
function toldFirst(shifted: readonly FeatureJudgement[]): readonly FeatureJudgement[] {
  const isStatistic = ({ kind }: FeatureJudgement) => kind === 'projection' || kind === 'prediction';
  return [...shifted.filter((one) => !isStatistic(one)), ...shifted.filter(isStatistic)];
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
