import type { AnswersContract } from '../../core/answers/contract.ts';
import type { Champion } from '../../core/ledger/champion-of.ts';
import type { LedgerHead } from '../../core/ledger/head/ledger-head.ts';
import type { KeptPredictions } from '../../core/ledger/holdout/find-kept-predictions.ts';
import type { Ignored, Refused } from '../../core/plan/decision.ts';
import { type HandOverContext, handOver, type PlannedOperation } from '../../core/plan/hand-over.ts';
import type { Report } from '../../core/report/report.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { OutcomeOf } from '../job/outcome.ts';
import { answerRefusal } from './answers.ts';

export type Planned = OutcomeOf<typeof CONTRACTS.plan>;

/** The event is none of our business: the chain ends before it begins, and nothing is wrong. */
export function concludeIgnored({ code, message }: Ignored): Planned {
  return {
    decision: 'stop',
    reasonCode: 'ignored',
    headline: message,
    report: { sign: 'nothing-to-do', blocks: [{ kind: 'paragraph', text: message }] },
    outputs: {},
    result: { code, message },
  };
}

/** Whoever runs a workflow by hand looks at the run, so there it fails; elsewhere the answer is in the comment. */
export function concludeRefused(refused: Refused, eventName: string): Planned {
  const { code, message, remedy } = refused;
  return {
    decision: eventName === 'workflow_dispatch' ? 'failure' : 'stop',
    reasonCode: 'refused',
    headline: `${message} ${remedy}`,
    report: answerRefusal(refused),
    outputs: {},
    result: { code, message, remedy },
  };
}

/** What the commit would change in the policy: a sentence each, and the gate's rules as it writes them, where they are others. */
export type ProposedPolicy = { readonly changes: readonly string[]; readonly gate?: string };

/** How an operation ends the plan: carried on to the next jobs, answered, tried dry, or done with its record. */
export type Conclusion = {
  readonly operation: PlannedOperation;
  readonly model: string;
  readonly champion:
    | (Champion & { readonly predictions?: KeptPredictions; readonly answers?: AnswersContract })
    | undefined;
  readonly ledger: LedgerHead | undefined;
  readonly answers: AnswersContract | undefined;
  readonly box: HandOverContext['box'];
  readonly policy: ProposedPolicy;
  readonly policySha: string | undefined;
  /** What it is about. */
  readonly commit: string | undefined;
  /** How many runners search at the same time, where the default branch has a search. */
  readonly runners: number | undefined;
  /** What the ledger knows of the training that is asked for. */
  readonly training?: Pick<HandOverContext, 'nonce' | 'trained' | 'searched' | 'searches'>;
  readonly reasonCode: keyof typeof DECISIONS;
  readonly report: Report;
};

/** The operation as outputs, and as the `result` that every later job goes by. */
export function concludeOperation(conclusion: Conclusion): Planned {
  const { operation, model, champion, ledger, answers, box, policy, policySha, commit } = conclusion;
  const { reasonCode, report } = conclusion;
  const { sha, parameters, environment, version, pullRequest, dryRun, correlationId } = operation;
  return {
    decision: DECISIONS[reasonCode],
    reasonCode,
    headline: `${operation.operation} of ${model}, asked for by ${operation.actor}.`,
    report,
    outputs: {
      operation: operation.operation,
      sha,
      'policy-sha': policySha ?? '',
      parameters: JSON.stringify(parameters),
      environment: environment ?? '',
      'correlation-id': correlationId,
      version: version ?? '',
      'pull-request': pullRequest === undefined ? '' : String(pullRequest),
      'dry-run': String(dryRun),
      searchers: listSearchers(operation, conclusion.runners),
    },
    result: handOver(operation, {
      model,
      box,
      policyChanges: policy.changes,
      ...(policy.gate !== undefined && { proposedGate: policy.gate }),
      ...(policySha !== undefined && { policySha }),
      ...(commit !== undefined && { commit }),
      ...(champion !== undefined && { champion }),
      ...(ledger !== undefined && { ledger }),
      ...(answers !== undefined && { answers }),
      ...conclusion.training,
    }),
  };
}

/** The numbers of the runners that search along, as a matrix of the workflow takes them; the job that searches in any case is the first. */
function listSearchers({ operation }: PlannedOperation, runners = 1): string {
  if (operation !== 'tune' || runners === 1) return '';
  return JSON.stringify(Array.from({ length: runners - 1 }, (_, index) => index + 2));
}

const DECISIONS = {
  planned: 'continue',
  recorded: 'complete',
  answered: 'complete',
  'dry-run': 'stop',
} as const;
