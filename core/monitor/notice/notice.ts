import type { Instant } from '../../instant.ts';
import { environmentOf, type LedgerState } from '../../ledger/state.ts';
import { plainLine } from '../../report/plain-text.ts';
import type { MonitorDecision } from '../decide-monitor.ts';
import type { MonitorAction } from '../finding.ts';
import { sayDecision } from '../say-action.ts';

/** What a service outside of GitHub is told when a judgement of the monitor changes. All texts are one line, and none is markup. */
export type Notice = {
  readonly model: string;
  readonly environment: string;
  readonly action: MonitorAction;
  readonly wanted: MonitorAction;
  readonly codes: readonly string[];
  /** Nothing is wanted any more: what was told before has ended. */
  readonly isOver: boolean;
  /** In one short line: which model, where, and what is to be done. */
  readonly title: string;
  readonly explanation: string;
  /** What a person does about it. */
  readonly remedy: string;
  readonly reasons: readonly string[];
  readonly runUrl: string;
  readonly at: Instant;
};

/** Tells a service outside of GitHub. Rejects with a ServiceError. */
export type SendNotice = (notice: Notice) => Promise<void>;

/** A judgement, the ledger that it was made on, and what goes with it. */
type Judged = {
  readonly decision: MonitorDecision;
  readonly state: LedgerState;
  readonly remedy: string;
  readonly model: string;
  readonly environment: string;
  readonly runUrl: string;
  readonly at: Instant;
  /** Whether the service makes one of what it is told again: then nothing that was lost on the way stays lost. */
  readonly isRepeated: boolean;
};

/**
 * What is to be told of a judgement; `undefined` when nobody needs to hear of it: it is the one that was told before, or all was well and
 * is, unless it may be told again. Where the ledger is lost nothing remembers what was told, so that it is told each time.
 */
export function noticeOf({ decision, state, ...about }: Judged): Notice | undefined {
  const { action, wanted, codes, explanation, reasons, isChange } = decision;
  const { champion, monitor } = environmentOf(state, about.environment);
  const isOver = wanted === 'none';
  const isUnremembered = champion === undefined && !isOver;
  const wasWell = monitor === undefined || (monitor.action === 'none' && monitor.codes.length === 0);
  const isNew = (isChange || isUnremembered) && !(isOver && wasWell);
  if (!isNew && !about.isRepeated) return undefined;
  const { model, environment, remedy, runUrl, at } = about;
  const isMuted = isOver && decision.muted.length > 0;
  const said = isMuted ? 'What is found is muted' : sayDecision(decision);
  return {
    ...{ model, environment, action, wanted, codes, isOver, runUrl, at },
    title: plainLine(`${model} in ${environment}: ${said}`),
    explanation: plainLine(explanation),
    remedy: plainLine(remedy),
    reasons: reasons.map(({ code, message }) => plainLine(`${code}: ${message}`)),
  };
}
