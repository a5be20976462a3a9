import { serveOnly } from '../../core/deploy/rollout-traffic.ts';
import { ServiceError, UNREACHABLE, UserError } from '../../core/errors.ts';
import type { LedgerEventData, LedgerEventKind } from '../../core/ledger/event.ts';
import { eventId } from '../../core/ledger/event-id.ts';
import type { EnvironmentState, LedgerState, Rollout } from '../../core/ledger/state.ts';
import { escapeMarkdown } from '../../core/report/escape-markdown.ts';
import { ok } from '../../core/result.ts';
import { appendOrThrow } from '../job/append-or-throw.ts';
import { startOnHost } from '../serving/start-on-host.ts';
import {
  type Deployed,
  type Deployment,
  entry,
  hereIn,
  readState,
  requireVersion,
} from './deploy-context.ts';
import { awayData, describeAway, requireHosts } from './hosts/fleet.ts';
import { settle } from './hosts/settle.ts';
import { attestedStartable, patienceOf } from './hosts/startable.ts';
import { setTrafficEverywhere } from './hosts/traffic.ts';
import { concludeEarlier } from './rollout/conclude.ts';
import { driveRollout } from './rollout/drive.ts';
import { promote, rollBack } from './rollout/end.ts';
import { rememberUnwatched } from './rollout/memory.ts';

/** Promotes the open rollout now, on the word of the person who asked. */
export async function promoteNow(deployment: Deployment): Promise<Deployed> {
  const state = await readState(deployment);
  if (wasDone(deployment, state, 'rollout.promoted')) {
    return concludeEarlier(deployment, state, hereIn(deployment, state).history.at(-1)?.rollout ?? '');
  }
  const rollout = requireOpen(deployment, state);
  await requireHosts(deployment.ports.fleet);
  const explanation = `${deployment.request.author.actor} promoted it at ${rollout.percent} %, before the evidence was complete.`;
  const ended = await promote(deployment, rollout, {
    code: 'requested',
    explanation,
    report: escapeMarkdown(explanation),
  });
  await rememberUnwatched(deployment, rollout);
  return ended;
}

/** Holds the open rollout where it is; the agents watch on, and harm still rolls it back. */
export async function hold(deployment: Deployment): Promise<Deployed> {
  const rollout = requireOpen(deployment, await readState(deployment));
  const explanation = `${deployment.request.author.actor} held it at ${rollout.percent} %.`;
  await append(deployment, rollout, (open) =>
    open.held?.code === 'held'
      ? undefined
      : [
          'rollout.held',
          { code: 'held', explanation, rollout: open.id, environment: deployment.request.environmentName },
        ],
  );
  return driveRollout(deployment, rollout.id);
}

/** Lets a held rollout go on: what comes next is as if it had never been held. */
export async function resume(deployment: Deployment): Promise<void> {
  const rollout = requireOpen(deployment, await readState(deployment));
  await append(deployment, rollout, (open) =>
    open.held === undefined
      ? undefined
      : ['rollout.resumed', { rollout: open.id, environment: deployment.request.environmentName }],
  );
}

/**
 * Returns to an earlier version at once. An open rollout is ended; without one, or when another version is named, the champion
 * gives way to that version or to the one before it.
 */
export async function rollBackNow(deployment: Deployment): Promise<Deployed> {
  const { request } = deployment;
  const state = await readState(deployment);
  const here = hereIn(deployment, state);
  const explanation = `${request.author.actor} asked for it.`;
  const ending = { code: 'requested', explanation, report: escapeMarkdown(explanation) };
  const wanted = request.plan.version ?? request.version;
  if (
    wasDone(deployment, state, 'rollout.rolled-back') &&
    (wanted === undefined || wanted === here.champion?.version)
  ) {
    return concludeEarlier(deployment, state, here.history.at(-1)?.rollout ?? '');
  }
  if (here.rollout !== undefined) {
    const ended = await rollBack(deployment, here.rollout, ending);
    await rememberUnwatched(deployment, here.rollout);
    if (wanted === undefined || wanted === here.champion?.version) return ended;
  }
  return returnTo(deployment, state, here, wanted ?? here.previous?.version);
}

async function returnTo(
  deployment: Deployment,
  state: LedgerState,
  here: EnvironmentState,
  target: string | undefined,
): Promise<Deployed> {
  const { request, ports } = deployment;
  const { champion } = here;
  const id = `${request.config.model}/${request.environmentName}/rollback/${request.author.cause.id}`;
  const done = here.history.find(({ rollout }) => rollout === id);
  if (done === undefined && (champion === undefined || target === undefined)) throw nothingBefore(deployment);
  if (done === undefined && champion !== undefined && target !== undefined && target !== champion.version) {
    await serveEverywhere(deployment, state, target);
    await appendOrThrow(ports.ledger, request.config.model, () => {
      const data = {
        rollout: id,
        environment: request.environmentName,
        version: champion.version,
        stable: target,
        code: 'requested',
        explanation: `${request.author.actor} returned to version ${target}.`,
        ...awayData(ports.fleet),
      };
      return ok([entry(deployment, 'rollout.rolled-back', data, id)]);
    });
    ports.announcer.status(id, 'success', `Returned to version ${target}`);
  }
  await settle(deployment);
  const serving = hereIn(deployment, await readState(deployment)).champion?.version ?? '';
  const headline = `Version ${serving} serves ${request.environmentName}.`;
  return {
    decision: 'complete',
    reasonCode: 'rolled-back',
    headline,
    report: `### ⏪ Rolled back\n\n${headline}${describeAway(ports.fleet, `It serves what it served; monitor-check gives it version ${serving} once it is back.`)}`,
    outputs: { outcome: 'rolled-back', 'serving-version': serving },
    result: {
      outcome: 'rolled-back',
      rollout: id,
      from: champion?.version,
      servingVersion: serving,
      ...awayData(ports.fleet),
    },
  };
}

/** A rollback waits for no host that is away, but one at least has to be told. */
function requireAny({ ports }: Deployment, results: readonly unknown[]): void {
  const [first] = ports.fleet.away();
  if (results.length > 0 || first === undefined) return;
  throw new ServiceError({
    code: UNREACHABLE,
    message: `No host can be reached. ${first.why}`,
    remedy: 'Bring one back, and run this again.',
    where: { kind: 'endpoint', endpoint: first.url },
  });
}

/** Traffic goes to the version; where its instance was stopped since, it is brought up first. */
async function serveEverywhere(deployment: Deployment, state: LedgerState, target: string): Promise<void> {
  const { ports } = deployment;
  const version = requireVersion(state, target);
  const built = version.package;
  if (built === undefined) {
    throw new UserError([
      {
        code: 'package-missing',
        message: `Version ${target} has no package, so no host can serve it.`,
        remedy: 'Name a version that was deployed before.',
      },
    ]);
  }
  const startable = attestedStartable(deployment, state, version, built);
  const started = await ports.fleet.onEveryHost((agent) =>
    startOnHost(agent, startable, patienceOf(deployment)),
  );
  requireAny(deployment, started);
  const failed = started.find((outcome) => !outcome.ok);
  if (failed !== undefined) {
    throw new UserError([
      {
        code: 'not-ready',
        message: `Version ${target} did not become ready: ${failed.message}.`,
        remedy:
          'Traffic was left as it is. Look at the instance’s log on that host, or name another version.',
      },
    ]);
  }
  await setTrafficEverywhere(deployment, serveOnly(target));
}

/** Whether an earlier attempt of this very operation wrote its event: asking once must not act twice. */
function wasDone({ request }: Deployment, { ids }: LedgerState, kind: LedgerEventKind): boolean {
  const prefix = eventId(request.author.cause, kind, request.environmentName);
  return [...ids].some((id) => id.startsWith(`${prefix}/`));
}

type Control =
  | readonly ['rollout.held', LedgerEventData<'rollout.held'>]
  | readonly ['rollout.resumed', LedgerEventData<'rollout.resumed'>];

async function append(
  deployment: Deployment,
  { id }: Rollout,
  propose: (open: Rollout) => Control | undefined,
): Promise<void> {
  const { request, ports } = deployment;
  await appendOrThrow(ports.ledger, request.config.model, (state) => {
    const open = hereIn(deployment, state).rollout;
    const control = open?.id === id ? propose(open) : undefined;
    if (control === undefined) return ok([]);
    const [kind, data] = control;
    return ok([entry(deployment, kind, data, id)]);
  });
}

function requireOpen(deployment: Deployment, state: LedgerState): Rollout {
  const { rollout } = hereIn(deployment, state);
  if (rollout !== undefined) return rollout;
  const { environmentName } = deployment.request;
  throw new UserError([
    {
      code: 'no-rollout',
      message: `No rollout is open in ${environmentName}.`,
      remedy: 'Start one with /deploy; /status says what serves.',
    },
  ]);
}

function nothingBefore({ request }: Deployment): UserError {
  return new UserError([
    {
      code: 'nothing-before',
      message: `There is no version to return to in ${request.environmentName}.`,
      remedy: 'Name one that was registered and packed: /rollback v6.',
    },
  ]);
}
