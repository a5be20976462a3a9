import { messageOf, ServiceError, UserError } from '../../core/errors.ts';
import type { Report } from '../../core/report/report.ts';
import type { Contract, OutputOf } from './contract.ts';

/** What the workflow does next: go on with the chain, end it here with nothing wrong, end it because all is done, or fail the job. */
const DECISIONS = ['continue', 'stop', 'complete', 'failure'] as const;
type Decision = (typeof DECISIONS)[number];

/** Why, as one of a closed list; the `result` says the rest. */
const REASON_CODES = [
  'planned',
  'answered',
  'dry-run',
  'ignored',
  'refused',
  'recorded',
  'trained',
  'already-trained',
  'training-failed',
  'searched',
  'already-searched',
  'predicted',
  'already-predicted',
  'gate-passed',
  'gate-failed',
  'gate-inconclusive',
  'registered',
  'already-registered',
  'package-built',
  'already-built',
  'package-kept',
  'already-kept',
  'promoted',
  'rolled-back',
  'held',
  'in-progress',
  'detached',
  'nothing-to-do',
  'reported',
  'healthy',
  'investigate',
  'retrain-requested',
  'rollback-requested',
  'rebuild-requested',
  'user-error',
  'service-unavailable',
  'cancelled',
  'internal-error',
] as const;
export type ReasonCode = (typeof REASON_CODES)[number];

/** Codes of outcomes that end the chain without failing the job, and that nobody should overlook. */
export const NOTEWORTHY: ReadonlySet<ReasonCode> = new Set([
  'refused',
  'gate-failed',
  'gate-inconclusive',
  'rolled-back',
  'held',
]);

/** How an action ended. `headline` is one plain sentence, `report` what the summary and the comment show. */
export type Outcome<O extends string = string> = {
  readonly decision: Decision;
  readonly reasonCode: ReasonCode;
  readonly headline: string;
  readonly report: Report;
  readonly outputs: Readonly<Partial<Record<O, string>>>;
  readonly result: Readonly<Record<string, unknown>>;
};

export type OutcomeOf<C extends Contract> = Outcome<OutputOf<C>>;

/** Work that failed after something had come of it already, which is handed on all the same. */
export class FailedLater extends Error {
  override readonly name = 'FailedLater';
  /** What the result says beside the failure. */
  readonly kept: Outcome['result'];

  constructor(cause: unknown, kept: Outcome['result']) {
    super(messageOf(cause), { cause });
    this.kept = kept;
  }
}

/** The outcome of a job that threw: whose fault it was decides what is shown. */
export function outcomeOfError(thrown: unknown): Outcome<never> {
  if (thrown instanceof FailedLater) {
    const outcome = outcomeOfError(thrown.cause);
    return { ...outcome, result: { ...outcome.result, ...thrown.kept } };
  }
  const { reasonCode, lines, problems } = describe(thrown);
  const [headline = 'It failed.'] = lines;
  const report: Report = { sign: 'failed', blocks: [{ kind: 'list', items: lines }] };
  return { decision: 'failure', reasonCode, headline, report, outputs: {}, result: { problems } };
}

function describe(thrown: unknown): {
  readonly reasonCode: ReasonCode;
  readonly lines: readonly string[];
  readonly problems: readonly unknown[];
} {
  if (thrown instanceof UserError) {
    const lines = thrown.problems.map(({ message, remedy }) => `${message} ${remedy}`);
    return { reasonCode: 'user-error', lines, problems: thrown.problems };
  }
  if (thrown instanceof ServiceError) {
    return { reasonCode: 'service-unavailable', lines: [thrown.message], problems: [thrown.problem] };
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return {
      reasonCode: 'cancelled',
      lines: ['The job was cancelled. Run it again to go on.'],
      problems: [],
    };
  }
  const lines = causesOf(thrown).map((cause) => (cause instanceof Error ? cause.message : String(cause)));
  return { reasonCode: 'internal-error', lines, problems: [{ code: 'internal-error', message: lines[0] }] };
}

/** An error and what caused it, outermost first. */
export function causesOf(thrown: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  for (let cause = thrown; cause !== undefined && chain.length < 10; ) {
    chain.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return chain;
}
