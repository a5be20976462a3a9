import type { LedgerEventData } from '../../../core/ledger/event.ts';
import { lookUp, type Rollout } from '../../../core/ledger/state.ts';
import { judgeQuorum } from '../../../core/rollout/quorum.ts';
import type { Attest } from '../../serving/attest.ts';
import type { Announcer } from '../announcer.ts';
import { findStranger } from '../hosts/find-stranger.ts';
import { awayData, type Fleet } from '../hosts/fleet.ts';
import type { Settler } from '../hosts/settle.ts';
import { takeBack } from '../hosts/take-back.ts';
import { type Entered, hasMoved, type Journal } from '../journal.ts';
import {
  type DeployOutcome,
  promotedOutcome,
  type Reasons,
  rolledBackOutcome,
  withReport,
} from '../outcomes.ts';
import { type Brakes, explainBrake } from './brakes.ts';
import type { Outlast } from './outlast.ts';
import { proposeRollBack } from './propose-roll-back.ts';

/** Why a candidate was promoted: the codes that the ledger knows. */
type Promotion = Reasons & {
  readonly code: NonNullable<LedgerEventData<'rollout.promoted'>['code']>;
};

/** The rollout has ended as was wished, or another job or person was faster and nothing is on record. */
type Ended =
  | { readonly kind: 'ended'; readonly outcome: DeployOutcome }
  | Extract<Entered, { kind: 'overtaken' }>;

/** The two ways in which a rollout ends. */
export type Endings = {
  /**
   * Records that the candidate is the champion now, then makes the world agree with it. A host that has braked for harm ends the
   * rollout instead, whoever asked. Overtaken when the rollout is not what it was when that was decided, when the ledger says something
   * against it, and when more hosts than may be away can't be asked.
   */
  readonly promote: (rollout: Rollout, promotion: Promotion) => Promise<Ended>;
  /**
   * Takes all traffic off the candidate at once, and records it after: safety does not wait for the ledger. Overtaken only when the
   * rollout has ended; then the hosts have yet to be brought to what the ledger says.
   */
  readonly rollBack: (rollout: Rollout, reasons: Reasons) => Promise<Ended>;
};

type EndingPorts = {
  readonly journal: Journal;
  readonly fleet: Fleet;
  readonly announcer: Pick<Announcer, 'status'>;
  readonly settler: Pick<Settler, 'settle'>;
  readonly brakes: Pick<Brakes, 'ask'>;
  readonly outlast: Outlast;
};

/** The endings of one environment's rollouts. */
export function createEndings(ports: EndingPorts, attest: Attest): Endings {
  return {
    promote: (rollout, promotion) => promote(ports, attest, { rollout, promotion }),
    rollBack: (rollout, reasons) => rollBack(ports, rollout, reasons),
  };
}

async function promote(
  ports: EndingPorts,
  attest: Attest,
  { rollout, promotion }: { readonly rollout: Rollout; readonly promotion: Promotion },
): Promise<Ended> {
  const { journal, fleet, announcer, settler } = ports;
  const { environment, model } = journal;
  const { id, version, stable } = rollout;
  const veto = await askForVeto(ports, rollout);
  if (veto !== undefined) return rollBack(ports, rollout, veto);
  if (isTooFew(fleet)) return { kind: 'overtaken', now: await journal.read() };
  const { code, explanation } = promotion;
  const entered = await journal.whileOpen(rollout, (open, page) => {
    if (hasMoved(open, rollout) || page.now.obstacleTo(open)) return 'overtaken';
    const known = lookUp(page.now.state.versions, version);
    const envelope = known && attest(page.now.state, known, open.package);
    const data = {
      ...{ rollout: id, environment, version, package: open.package, code, explanation },
      ...(stable !== undefined && { previous: stable }),
      ...(envelope && { envelope }),
      ...awayData(fleet.away()),
    };
    return [page.entry('rollout.promoted', data, id), ...page.returnLock(id)];
  });
  if (entered.kind === 'overtaken') return entered;
  await settler.settle();
  const site = { model, environment, away: fleet.away() };
  const { history } = (await journal.read()).here;
  const takenBack = history.findLast((one) => one.rollout === id && one.outcome === 'rolled-back');
  if (takenBack !== undefined) {
    announcer.status(id, 'failure', takenBack.explanation);
    const reasons = withReport(takenBack.code ?? '', takenBack.explanation);
    return { kind: 'ended', outcome: rolledBackOutcome(site, rollout, reasons) };
  }
  announcer.status(id, 'success', explanation);
  return { kind: 'ended', outcome: promotedOutcome(site, rollout, promotion) };
}

/** What hosts have against a promotion: a brake or, where the ledger knows nobody who serves, somebody who does. */
async function askForVeto(
  { journal, fleet, brakes }: EndingPorts,
  { id, version, stable }: Rollout,
): Promise<Reasons | undefined> {
  const brake = await brakes.ask(id);
  if (brake !== undefined) return explainBrake(brake);
  if (stable !== undefined) return undefined;
  const { model, environment } = journal;
  const { here } = await journal.read();
  const stranger = await findStranger(fleet, { model, environment, here, version });
  return stranger && withReport(stranger.code, `${stranger.message} ${stranger.remedy}`);
}

function isTooFew({ urls, away, mayBeAway }: Fleet): boolean {
  const missing = away().map(({ url }) => url);
  return judgeQuorum({ total: urls.length, away: missing, mayBeAway }).kind === 'too-few';
}

async function rollBack(
  { journal, fleet, announcer, settler, outlast }: EndingPorts,
  rollout: Rollout,
  reasons: Reasons,
): Promise<Ended> {
  const { environment, model } = journal;
  const { id, stable } = rollout;
  const { code, explanation } = reasons;
  if (stable !== undefined) await takeBack(fleet, { model, rollout: id, stable });
  const entered = await outlast(() =>
    journal.whileOpen(rollout, (_open, page) =>
      proposeRollBack(page, { environment, rollout, code, explanation, away: fleet.away() }),
    ),
  );
  if (entered.kind === 'overtaken') return entered;
  await settler.settle();
  announcer.status(id, 'failure', explanation);
  const site = { model, environment, away: fleet.away() };
  const serving = entered.now.here.champion?.version;
  return { kind: 'ended', outcome: rolledBackOutcome(site, { ...rollout, stable: serving }, reasons) };
}
