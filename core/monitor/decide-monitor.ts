import { mutesAt } from '../ledger/mutes/mute.ts';
import { environmentOf, freezeOf } from '../ledger/state.ts';
import type { Reason } from '../verdict.ts';
import { findDataTroubles } from './find-data-troubles.ts';
import { findHostTroubles, findMissedRuns, findUnknownServed, HOST_LOST } from './find-host-troubles.ts';
import { findRetrainBar } from './find-retrain-bar.ts';
import { findUncounted } from './find-uncounted.ts';
import { type Finding, MONITOR_ACTIONS, type MonitorAction } from './finding.ts';
import type { MonitorInput } from './monitor-input.ts';
import { muteFindings } from './mute-findings.ts';
import { SAID } from './say-action.ts';

/**
 * What to do about a deployed model now. `wanted` is what the findings ask for; `action` what may be done of it: a retrain waits
 * for its cool-down, its budget and a model that is on its way, from the open training to the end of its rollout; a change of traffic
 * for a freeze or a rollout in progress.
 */
export type MonitorDecision = {
  readonly action: MonitorAction;
  readonly wanted: MonitorAction;
  readonly codes: readonly string[];
  /** Codes of findings that would ask for something too, and that people have muted. */
  readonly muted: readonly string[];
  /** The hosts that could not be asked. */
  readonly lost: readonly string[];
  readonly reasons: readonly Reason[];
  readonly explanation: string;
  /** Whether this differs from what the ledger last recorded: only changes are recorded and announced. */
  readonly isChange: boolean;
};

/** The code of a champion whose package came without a reference profile: there is nothing to judge by, and nothing to mend. */
export const NO_PROFILE = 'profile-none';

const NOTHING_BESIDE = { muted: [], lost: [] } as const satisfies Partial<MonitorDecision>;

/** What stops an action, and what is done instead. */
type Obstacle = { readonly instead: MonitorAction; readonly reason: Reason };

/**
 * Weighs everything known of an environment: the most urgent finding decides, unless the ledger forbids it. Everything it
 * remembers (last judgement, retrains, rollouts, freezes) is folded from the ledger.
 */
export function decideMonitor(input: MonitorInput): MonitorDecision {
  const unknown = findUnknownServed(input);
  if (environmentOf(input.ledger, input.environment).champion === undefined) {
    return unknown.length === 0 ? nothingDeployed(input) : ledgerLost(unknown);
  }
  const found = [
    ...unknown,
    ...findHostTroubles(input),
    ...findUncounted(input),
    ...findDataTroubles(input),
    ...findMissedRuns(input),
    ...findUnknowns(input),
  ];
  const mutes = mutesAt(environmentOf(input.ledger, input.environment), input.now);
  const { findings: weighed, muted } = muteFindings(found, mutes);
  const findings = weighed.toSorted((a, b) => urgency(b.wants) - urgency(a.wants));
  const wanted = findings[0]?.wants ?? 'none';
  const obstacle = findObstacle(input, wanted);
  const action = obstacle === undefined ? wanted : settleFor(obstacle, findings);
  const reasons = [...findings.map(({ reason }) => reason), ...(obstacle ? [obstacle.reason] : [])];
  const codes = [
    ...new Set([
      ...findings.filter(({ wants }) => wants !== 'none').map(({ reason }) => reason.code),
      ...(obstacle ? [obstacle.reason.code] : []),
    ]),
  ].sort();
  const explanation = explain(action, wanted, findings, obstacle);
  const said = { action, codes, muted, lost: listLost(found) };
  return { ...said, wanted, reasons, explanation, isChange: isChange(input, said) };
}

/** Muted or not: when a host was seen last must not be forgotten meanwhile. */
function listLost(findings: readonly Finding[]): readonly string[] {
  const lost = findings.filter(({ reason }) => reason.code === HOST_LOST);
  return [...new Set(lost.map(({ reason }) => reason.metric))].sort();
}

/** The obstacle's alternative, unless another finding still asks for a look. */
function settleFor({ instead }: Obstacle, findings: readonly Finding[]): MonitorAction {
  const needsLook = findings.some(({ wants }) => wants === 'investigate');
  return instead === 'none' && needsLook ? 'investigate' : instead;
}

function findObstacle(input: MonitorInput, wanted: MonitorAction): Obstacle | undefined {
  if (wanted === 'retrain') return findRetrainObstacle(input);
  if (wanted === 'rollback' || wanted === 'rebuild') return findTrafficObstacle(input, wanted);
  return undefined;
}

/** What a person has to look at is said so; what ends by itself is waited for. */
function findRetrainObstacle(input: MonitorInput): Obstacle | undefined {
  const bar = findRetrainBar(input);
  if (bar === undefined) return undefined;
  const needsLook = bar.code === 'retrain-manual' || bar.code === 'retrain-budget-spent';
  return obstacle(needsLook ? 'investigate' : 'none', bar.code, bar.message);
}

function findTrafficObstacle(
  { ledger, environment }: MonitorInput,
  wanted: 'rollback' | 'rebuild',
): Obstacle | undefined {
  const { rollout } = environmentOf(ledger, environment);
  if (rollout !== undefined) {
    const message = `Version ${rollout.version} is being rolled out; ${wanted} waits until that has ended.`;
    return obstacle('investigate', 'rollout-open', message);
  }
  const freeze = freezeOf(ledger, environment);
  if (freeze === undefined || wanted === 'rollback') return undefined;
  const message = `${environment} is frozen by ${freeze.actor}: ${freeze.reason}`;
  return obstacle('investigate', 'frozen', message);
}

function obstacle(instead: MonitorAction, code: string, message: string): Obstacle {
  return { instead, reason: { code, metric: 'policy', message } };
}

/** Judgements that could not be made: told, but nothing to act on, unless all are missing for want of what they are judged by. */
function findUnknowns({ drift, labels, unjudged }: MonitorInput): readonly Finding[] {
  if (unjudged !== undefined)
    return [{ wants: unjudged.code === NO_PROFILE ? 'none' : 'investigate', reason: unjudged }];
  const judged = [drift, labels].filter((judgement) => judgement?.verdict === 'inconclusive');
  return judged.flatMap((judgement) =>
    (judgement?.reasons ?? []).map((reason): Finding => ({ wants: 'none', reason })),
  );
}

/** Nothing is written: an event on a new branch would make a lost ledger look like a young one. */
function ledgerLost(unknown: readonly Finding[]): MonitorDecision {
  return {
    action: 'investigate',
    wanted: 'investigate',
    codes: [...new Set(unknown.map(({ reason }) => reason.code))],
    ...NOTHING_BESIDE,
    reasons: unknown.map(({ reason }) => reason),
    explanation: explain('investigate', 'investigate', unknown, undefined),
    isChange: false,
  };
}

function nothingDeployed(input: MonitorInput): MonitorDecision {
  const message = `Nothing is deployed to ${input.environment} yet.`;
  const reasons = [{ code: 'nothing-deployed', metric: 'champion', message }];
  const said = { action: 'none', codes: [], ...NOTHING_BESIDE } as const;
  return { ...said, wanted: 'none', reasons, explanation: message, isChange: isChange(input, said) };
}

function explain(
  action: MonitorAction,
  wanted: MonitorAction,
  findings: readonly Finding[],
  obstacle: Obstacle | undefined,
): string {
  const decisive = findings.filter(({ wants }) => wants === wanted && wants !== 'none');
  const why = decisive.map(({ reason }) => reason.message).join(' ');
  if (obstacle !== undefined) {
    const said = action === 'none' ? 'Waiting' : SAID[action];
    return `${said}. ${capitalise(why)} ${obstacle.reason.message}`;
  }
  if (action !== 'none') return `${SAID[action]}. ${capitalise(why)}`;
  const notes = findings.map(({ reason }) => reason.message).join(' ');
  return notes === '' ? `${SAID.none}.` : `Nothing to do. ${capitalise(notes)}`;
}

/** What the ledger holds of a decision: by that it is known whether another one differs. */
type Recorded = Pick<MonitorDecision, 'action' | 'codes' | 'muted' | 'lost'>;

function isChange({ ledger, environment }: MonitorInput, said: Recorded): boolean {
  const {
    action = 'none',
    codes = [],
    muted = [],
    lost = [],
  } = environmentOf(ledger, environment).monitor ?? {};
  const before = { action, codes, muted, lost: lost.map(({ host }) => host) };
  return fingerprint(before) !== fingerprint(said);
}

function fingerprint({ action, codes, muted, lost }: Recorded): string {
  return JSON.stringify([action, ...[codes, muted, lost].map((names) => names.toSorted())]);
}

function urgency(action: MonitorAction): number {
  return MONITOR_ACTIONS.indexOf(action);
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
