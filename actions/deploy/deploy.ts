import { type Config, defaultEnvironment, type Environment } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { registryAliases } from '../../core/identity/registry-aliases.ts';
import type { Instant } from '../../core/instant.ts';
import { isSaid } from '../../core/ledger/cause.ts';
import type { Clock, Ledger, Log, RolloutRecords } from '../../core/ports.ts';
import type { Author } from '../job/author.ts';
import type { Plan } from '../job/handoff.ts';
import type { Attest } from '../serving/attest.ts';
import type { PackageSource } from '../serving/package-source.ts';
import type { ModelRegistry } from '../serving/registry-follows.ts';
import type { Announcer } from './announcer.ts';
import { type BrakedPorts, type BrakeReport, endBraked } from './end-braked.ts';
import type { Fleet } from './hosts/fleet.ts';
import { outwaitLeases } from './hosts/leases.ts';
import { createRequireObedience } from './hosts/require-obedience.ts';
import { createSettler } from './hosts/settle.ts';
import { createStarter } from './hosts/starter.ts';
import { createTellHeld } from './hosts/tell-held.ts';
import { createJournal, type Journal } from './journal.ts';
import type { Listener } from './listener.ts';
import {
  type ControlPorts,
  type HoldPorts,
  hold,
  type PromotePorts,
  promoteNow,
  resume,
  type Said,
} from './operate.ts';
import { type DeployOutcome, frozenOutcome } from './outcomes.ts';
import { createRestore, type Restore } from './restore.ts';
import { createReturnTo } from './return-to.ts';
import { type RollBackPorts, rollBackNow } from './roll-back.ts';
import { createBrakes } from './rollout/brakes.ts';
import { type Conclude, createConclude } from './rollout/conclude.ts';
import { createCourse } from './rollout/course.ts';
import { createDriver, type GoOn } from './rollout/drive.ts';
import { createEndings } from './rollout/end.ts';
import { createMemory } from './rollout/memory.ts';
import { createOutlast } from './rollout/outlast.ts';
import { type Beginning, beginRollout } from './rollout/start.ts';

/** What a job is asked to do. */
type DeployRequest = {
  readonly plan: Plan;
  readonly config: Config;
  readonly environmentName: string;
  readonly environment: Environment;
  /** What the earlier jobs made, where the chain ran them; the ledger knows the rest. */
  readonly package: string | undefined;
  readonly version: string | undefined;
  /** The job leaves a rollout once it is under way. */
  readonly detach: boolean;
  /** From then on it leaves likewise, while it still can. */
  readonly leaveAt?: Instant;
  readonly author: Author;
  readonly signal: AbortSignal;
};

/** Everything outside the job that it may touch. No flow gets it whole: each gets the rooms that are made of it below. */
type DeployPorts = {
  readonly ledger: Ledger;
  readonly tracking: ModelRegistry;
  readonly records: RolloutRecords;
  /** The serving hosts of the environment. */
  readonly fleet: Fleet;
  readonly packages: PackageSource;
  readonly announcer: Announcer;
  readonly listener: Listener;
  readonly clock: Clock;
  readonly log: Log;
  readonly attest: Attest;
};

/** One job on one environment, and the world it works in. */
export type Deployment = { readonly request: DeployRequest; readonly ports: DeployPorts };

/**
 * Carries out one operation on an environment. It may be run again at any time: the ledger says what is done, the hosts say
 * where they are, and only what is missing happens. Here the ports become rooms that hold one concern each; every flow gets those
 * it uses.
 */
export async function deploy({ request, ports }: Deployment): Promise<DeployOutcome> {
  const { plan, config, environmentName: environment, environment: settings, author, signal } = request;
  const {
    ledger,
    tracking: registry,
    records,
    fleet,
    packages,
    announcer,
    listener,
    clock,
    log,
    attest,
  } = ports;
  const { model, serving } = config;
  const answerSeconds = serving.settings.responseTimeoutSeconds;
  const journal = createJournal({ ledger, model, environment, author, clock });
  const starter = createStarter({ packages, attest, journal, clock, log, signal });
  const brakes = createBrakes({ journal, fleet });
  const aliases = registryAliases(environment, defaultEnvironment(config));
  const settler = createSettler({ journal, fleet, brakes, starter, registry, aliases, log });
  const memory = createMemory({ journal, fleet, records, log }, settings);
  const outlast = createOutlast({ clock, log, signal }, settings);
  const endings = createEndings({ journal, fleet, announcer, settler, brakes, outlast }, attest);
  const conclude = createConclude({ journal, settler, fleet, announcer, memory });
  const setCourse = createCourse(
    { journal, fleet, announcer, listener, starter, endings, brakes, memory, clock, log, signal },
    { settings, answerSeconds, detach: request.detach, leaveAt: request.leaveAt },
  );
  const goOn = createDriver({ journal, conclude, setCourse, outlast, clock, signal }, endings, settings);
  const wish = {
    ...{ operation: plan.operation, actor: author.actor, cause: author.cause.id, package: request.package },
    isPerson: isSaid(author.cause),
    // What plan names is a person's word, and what that person was allowed; what the chain made is for those who name none.
    version: plan.version ?? request.version,
    report: { rollout: plan.rollout, reason: plan.reason },
    // What acts on what is there is nobody's but a person's: what the chain made is not meant.
    asked: { saidAt: plan.word?.at, wanted: plan.version },
    namedAt: plan.word?.namesVersion === true ? plan.word.at : undefined,
    isFollowing: plan.operation === 'train' || plan.operation === 'tune',
  };
  const returnTo = createReturnTo({ journal, fleet, starter, settler, memory, announcer, log }, wish);
  const begin = () => beginRollout({ journal, fleet, starter, attest }, settings, wish);
  const requireObedience = createRequireObedience({ fleet, memory, clock, log }, { model, settings });
  const tellHeld = createTellHeld({ fleet, memory, clock }, { model, settings });
  const orders = { requireObedience, tellHeld };
  const rooms = { journal, fleet, brakes, settler, ...orders, endings, memory, conclude, goOn, log };
  const restore = createRestore({ journal, fleet, starter, settler, clock, signal }, wish.cause);
  const outcome = await carryOut({ ...rooms, returnTo, begin, restore }, wish, settings);
  if (outcome.reasonCode === 'rolled-back') {
    await outwaitLeases({ fleet, settler, clock, log, signal }, settings.leaseSeconds);
  }
  return outcome;
}

/** What the operations are made of. */
type Rooms = PromotePorts & RollBackPorts & BrakedPorts & HoldPorts & ControlPorts & RollOutPorts;

/** What is asked for, and by whom. */
type DeployWish = {
  readonly operation: Plan['operation'];
  readonly actor: string;
  readonly asked: Said;
  readonly report: BrakeReport;
};

function carryOut(
  rooms: Rooms,
  { operation, actor, asked, report }: DeployWish,
  settings: Environment,
): Promise<DeployOutcome> {
  switch (operation) {
    case 'train':
    case 'tune':
    case 'deploy':
      return rollOut(rooms);
    case 'advance':
      return goOnWithOpen(rooms);
    case 'promote':
      return promoteNow(rooms, actor, asked);
    case 'rollback':
      return rollBackNow(rooms, { actor, ...asked });
    case 'brake':
      return endBraked(rooms, report, settings);
    case 'hold':
      return hold(rooms, actor);
    case 'resume':
      return resume(rooms, asked);
    default:
      throw notForDeploy(operation);
  }
}

type RollOutPorts = {
  readonly journal: Pick<Journal, 'environment'>;
  readonly begin: () => Promise<Beginning>;
  readonly restore: Restore;
  readonly goOn: GoOn;
  readonly conclude: Conclude;
  readonly log: Pick<Log, 'info'>;
};

/** The only way in which a rollout begins. One that is open already is said to be, and gone on with. */
async function rollOut({
  journal,
  begin,
  goOn,
  conclude,
  restore,
  log,
}: RollOutPorts): Promise<DeployOutcome> {
  const beginning = await begin();
  switch (beginning.kind) {
    case 'begun':
      return goOn(beginning.rollout);
    case 'under-way': {
      const { id, version, startedAt } = beginning.rollout;
      log.info(
        `Version ${version} is being rolled out since ${startedAt}: this job begins no other, and goes on with that.`,
      );
      return goOn(id);
    }
    case 'over':
      return conclude(beginning.rollout);
    case 'serving':
      return restore();
    case 'frozen':
      return frozenOutcome(journal.environment, beginning);
  }
}

/** A report that the rollout may go on. One that comes late finds none, says so, and begins none. */
async function goOnWithOpen({
  journal,
  conclude,
  goOn,
}: ControlPorts & { readonly conclude: Conclude }): Promise<DeployOutcome> {
  const reading = await journal.read();
  const { rollout } = reading.here;
  return rollout === undefined ? conclude(undefined) : goOn(rollout.id);
}

function notForDeploy(operation: string): UserError {
  return new UserError([
    {
      code: 'not-for-deploy',
      message: `The plan asks for ${operation}, which is nothing that deploy does.`,
      remedy: 'Let the job run only for the operations that pipeline.yml names for it.',
    },
  ]);
}
