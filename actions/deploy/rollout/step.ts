import type { Rollout } from '../../../core/ledger/state.ts';
import type { Log } from '../../../core/ports.ts';
import type { Block } from '../../../core/report/report.ts';
import { judgeQuorum } from '../../../core/rollout/quorum.ts';
import type { Brake } from '../../../core/serving/api.ts';
import type { Announcer } from '../announcer.ts';
import type { BringUp } from '../hosts/bring-up.ts';
import type { RolloutTraffic } from '../hosts/rollout-traffic.ts';
import { hasMoved, type Journal } from '../journal.ts';
import { type DeployOutcome, describeOpen, openOutcome, type Reasons, withReport } from '../outcomes.ts';
import type { Brakes } from './brakes.ts';
import type { Endings } from './end.ts';
import { recordHold, recordReturn } from './hold.ts';
import type { JudgedRollout } from './judge.ts';
import type { Shadowed } from './shadow.ts';

/** What came of one step. */
export type Stepped =
  | { readonly kind: 'ended'; readonly outcome: DeployOutcome }
  /** This job leaves the rollout open. */
  | { readonly kind: 'left'; readonly outcome: DeployOutcome }
  /** The next poll may show more. */
  | { readonly kind: 'going-on' }
  /** What was decided no longer stands: it is to be decided again at once. */
  | { readonly kind: 'overtaken' };

/**
 * Whether a job stays with a rollout, leaves as soon as no host needs it, or hurries away: somebody waits for its runner, and comes to the
 * hosts next.
 */
export type Leaving = 'stays' | 'leaves' | 'hurries';

/** Why a job hurries away. */
const CALLED = withReport(
  'called',
  'Somebody asks for what makes safe, and may wait for the runner of this job.',
);
/** Reasons to leave whatever hosts are still starting: a person has held it, or comes to the hosts next. */
const LEAVES_STARTING: ReadonlySet<string> = new Set(['held', CALLED.code]);

type StepPorts = {
  readonly journal: Journal;
  readonly endings: Endings;
  /** Ends the rollout because an agent has braked it. */
  readonly endBraked: (rollout: Rollout, brake: Brake) => Promise<Stepped>;
  readonly announcer: Pick<Announcer, 'status' | 'progress'>;
  readonly brakes: Pick<Brakes, 'ask'>;
  readonly traffic: RolloutTraffic;
  readonly hosts: Pick<BringUp, 'found' | 'isStarting'>;
  /** Copies requests to the candidate before it gets any, and says what came of it. */
  readonly shadow: (rollout: Rollout) => Promise<Shadowed>;
  readonly log: Log;
};

/** One step of a rollout: what the decision asks for. A job that hurries away raises nothing any more. */
export async function takeStep(
  ports: StepPorts,
  {
    rollout,
    judged,
    leaving,
  }: { readonly rollout: Rollout; readonly judged: JudgedRollout; readonly leaving: Leaving },
): Promise<Stepped> {
  const { journal, endings, hosts } = ports;
  const { decision, report } = judged;
  const { explanation } = decision;
  // A host that is still starting the candidate would be left without a lease: it would never report, and nobody would come back.
  const mayLeave = () => leaving === 'leaves' && !hosts.isStarting();
  if (decision.kind === 'rollback') {
    return endings.rollBack(rollout, { code: decision.code, explanation, report });
  }
  // In the dark no client meets the candidate, and no host would report: nobody might come back to it.
  if (leaving === 'hurries' && rollout.percent > 0) return leave(ports, rollout, CALLED);
  if (decision.kind === 'hold') {
    const { code } = decision;
    const isOnRecord = await recordHold(journal, rollout, { code, explanation, away: hosts.found().away });
    if (!isOnRecord) return { kind: 'overtaken' };
    const leaves = code === 'held' || mayLeave();
    return leaves ? leave(ports, rollout, { code, explanation, report }) : keep(ports, rollout);
  }
  if (!(await recordReturn(journal, rollout))) return { kind: 'overtaken' };
  if (rollout.percent === 0) return takeFirstStep(ports, rollout);
  switch (decision.kind) {
    case 'promote':
      return promote(ports, rollout, { code: 'promote', explanation, report });
    case 'advance':
      return advance(ports, rollout, { to: decision.to, explanation, report });
    case 'continue':
      return mayLeave()
        ? leave(ports, rollout, { code: 'in-progress', explanation, report })
        : keep(ports, rollout);
  }
}

/**
 * Out of the dark. The first version of an environment has nothing to be compared with: it is promoted at once, and gets traffic only
 * by that, since no lease would take it back.
 */
async function takeFirstStep(ports: Omit<StepPorts, 'hosts'>, rollout: Rollout): Promise<Stepped> {
  const { endings, shadow } = ports;
  if (rollout.stable === undefined) {
    return endings.promote(
      rollout,
      withReport('first', 'It is the first version here, so there was nothing to compare it with.'),
    );
  }
  const shadowed = await shadow(rollout);
  if (shadowed.kind === 'harmful') {
    return endings.rollBack(rollout, withReport(shadowed.code, shadowed.explanation));
  }
  const { explanation } = shadowed;
  const report = [{ kind: 'paragraph', text: explanation } as const];
  return advance(ports, rollout, { to: 0, explanation, report });
}

/**
 * Raises the candidate's traffic, unless a host has braked: first as an event, then on the hosts. A job that dies in between is caught
 * up by the next round.
 */
async function advance(
  {
    journal,
    announcer,
    log,
    brakes,
    traffic,
    endBraked,
  }: Pick<StepPorts, 'journal' | 'announcer' | 'log' | 'brakes' | 'traffic' | 'endBraked'>,
  rollout: Rollout,
  {
    to,
    explanation,
    report,
  }: { readonly to: number; readonly explanation: string; readonly report: readonly Block[] },
): Promise<Stepped> {
  const { environment } = journal;
  const { id, version, stages } = rollout;
  const brake = await brakes.ask(id);
  if (brake !== undefined) return endBraked(rollout, brake);
  const data = { rollout: id, environment, version, stage: to, percent: stages[to] ?? 100, explanation };
  const entered = await journal.whileOpen(rollout, (open, page) => {
    if (hasMoved(open, rollout) || page.now.obstacleTo(open)) return 'overtaken';
    const resumed = page.entry('rollout.resumed', { rollout: id, environment }, id, to);
    return [...(open.held === undefined ? [] : [resumed]), page.entry('rollout.advanced', data, id, to)];
  });
  const open = entered.now.here.rollout;
  if (entered.kind === 'overtaken' || open?.id !== id) return { kind: 'overtaken' };
  log.info(`Version ${version} gets ${open.percent} % of the traffic.`);
  announcer.status(id, 'in_progress', `${open.percent} %`);
  announcer.progress(describeOpen(environment, open, report));
  return keep({ brakes, traffic, endBraked }, open);
}

/**
 * Gives hosts the order of the rollout once more, and promotes where enough of them take it: what takes it now will take the promotion,
 * and one that came back empty has no part in what is promoted.
 */
async function promote(
  ports: Pick<StepPorts, 'brakes' | 'traffic' | 'endings' | 'endBraked' | 'hosts'>,
  rollout: Rollout,
  promotion: Parameters<Endings['promote']>[1],
): Promise<Stepped> {
  const kept = await keep(ports, rollout);
  const isTooFew = judgeQuorum(ports.hosts.found()).kind === 'too-few';
  return kept.kind !== 'going-on' || isTooFew ? kept : ports.endings.promote(rollout, promotion);
}

/** Brings traffic to where the ledger says, unless a host has braked; that renews the lease. */
async function keep(
  { brakes, traffic, endBraked }: Pick<StepPorts, 'brakes' | 'traffic' | 'endBraked'>,
  rollout: Rollout,
): Promise<Stepped> {
  const brake = (await brakes.ask(rollout.id)) ?? (await traffic.keep(rollout));
  return brake === undefined ? { kind: 'going-on' } : endBraked(rollout, brake);
}

/** Ends this job with the rollout still open: the agents watch on and say when there is something to do. */
async function leave(
  {
    journal,
    brakes,
    traffic,
    endBraked,
    hosts,
  }: Pick<StepPorts, 'journal' | 'brakes' | 'traffic' | 'endBraked' | 'hosts'>,
  rollout: Rollout,
  reasons: Reasons,
): Promise<Stepped> {
  const brake = (await brakes.ask(rollout.id)) ?? (await traffic.leave(rollout));
  if (brake !== undefined) return endBraked(rollout, brake);
  if (!LEAVES_STARTING.has(reasons.code) && hosts.isStarting()) return { kind: 'going-on' };
  return { kind: 'left', outcome: openOutcome(journal.environment, rollout, reasons) };
}
