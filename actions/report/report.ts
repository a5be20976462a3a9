import { messageOf } from '../../core/errors.ts';
import type { JobEnds } from '../../core/plan/chain/chain-jobs.ts';
import { type ChainEnd, describeChain } from '../../core/plan/chain/describe-chain.ts';
import { statusContext } from '../../core/plan/chain/status-context.ts';
import type { GitHub, Log } from '../../core/ports.ts';
import type { CommitStatus } from '../../core/pull-request.ts';
import type { Report } from '../../core/report/report.ts';
import type { CONTRACTS } from '../job/contract.ts';
import type { Plan } from '../job/handoff.ts';
import type { OutcomeOf } from '../job/outcome.ts';

type ReportRequest = {
  readonly plan: Plan;
  /** How each job after plan has ended. */
  readonly jobs: JobEnds;
  /** The version that the chain made, where it made one. */
  readonly version: string | undefined;
};

type ReportPorts = { readonly github: Pick<GitHub, 'setCommitStatus'>; readonly log: Log };

type Reported = OutcomeOf<typeof CONTRACTS.report>;

/** What a status of GitHub says of each end. Where nothing was done, the commit is as it was. */
const STATUS_OF: Readonly<Record<ChainEnd['state'], CommitStatus['state'] | undefined>> = {
  broken: 'error',
  rejected: 'failure',
  'taken-back': 'failure',
  open: 'pending',
  done: 'success',
  idle: undefined,
};

/**
 * Tells how a chain has ended, whatever happened to it: beside the commit that it was about and, by the outcome's report, where it was asked
 * for. A chain whose model was refused, or whose rollout was taken back without a person's word, ends red here; one that broke is red
 * already, unless no job of it has failed.
 */
export async function report(
  { plan, jobs, version }: ReportRequest,
  { github, log }: ReportPorts,
): Promise<Reported> {
  const { operation, environment, champion, model } = plan;
  const end = describeChain({
    ...{ operation, environment, jobs },
    version: version ?? plan.version,
    champion: champion?.version,
  });
  const state = STATUS_OF[end.state];
  if (plan.commit !== undefined && state !== undefined) {
    const status = { context: statusContext(model, environment), state, description: end.said };
    await github.setCommitStatus(plan.commit, status).catch((thrown: unknown) => {
      log.warn(`The commit's status could not be set: ${messageOf(thrown)}`);
    });
  }
  const isRedAlready = Object.values(jobs).some(
    ({ result }) => result === 'failure' || result === 'cancelled',
  );
  const isRed =
    end.state === 'rejected' ||
    (end.state === 'broken' && !isRedAlready) ||
    (end.state === 'taken-back' && operation !== 'rollback');
  return {
    decision: isRed ? 'failure' : 'complete',
    reasonCode: 'reported',
    headline: end.said,
    report: reportOf(plan, end),
    outputs: { state: end.state },
    result: { state: end.state, said: end.said, steps: end.steps },
  };
}

function reportOf({ operation }: Plan, { sign, said, steps }: ChainEnd): Report {
  return {
    sign,
    about: operation,
    blocks: [{ kind: 'paragraph', text: said }],
    ...(steps.length > 0 && {
      foot: [
        { kind: 'paragraph', text: [{ kind: 'strong', text: 'What you can do now' }] },
        { kind: 'list', items: steps },
      ],
    }),
  };
}
