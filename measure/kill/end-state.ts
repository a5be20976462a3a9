import { createRolloutRecords } from '../../adapters/rollout-records.ts';
import { NO_KEYS } from '../../adapters/signing/line-keys.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { ALIASES } from '../../core/names.ts';
import { readLedger, readLedgerState } from '../../sandbox/github/read-ledger.ts';
import { arrivalsOf, tellBrakes } from './check-outbox.ts';
import { ENVIRONMENT, type Lane } from './lane.ts';

/** Versions by the part they had when the rollout began. */
export type Cast = {
  readonly candidate: string;
  readonly stable: string | undefined;
  readonly previous: string | undefined;
};

/** Where a rollout stands in the ledger, on the host, in MLflow and on GitHub: plain data, to be compared as a whole. */
export type EndState = Readonly<Record<'ledger' | 'host' | 'mlflow' | 'github', unknown>>;

/** The versions that the next rollout finds. */
export function castFor(lane: Lane, candidate: string): Cast {
  const { champion, previous } = environmentOf(readLedgerState(lane.remote, lane.model), ENVIRONMENT);
  return { candidate, stable: champion?.version, previous: previous?.version };
}

/**
 * Reads where a rollout stands now. Versions stand by their part in it, so that two rollouts that have ended alike have the same
 * state, whatever their numbers.
 */
export async function readEndState(lane: Lane, cast: Cast, rollout: string): Promise<EndState> {
  return {
    ledger: readLedgerPart(lane, cast, rollout),
    host: await readHost(lane, cast),
    mlflow: { aliases: await readAliases(lane, cast), kept: await readRecord(lane, cast, rollout) },
    github: readGitHub(lane, rollout),
  };
}

function readLedgerPart({ remote, model }: Lane, cast: Cast, rollout: string) {
  const state = readLedgerState(remote, model);
  const here = environmentOf(state, ENVIRONMENT);
  // A rollout may be held and go on again on its way.
  const way = new Set<string>(['rollout.held', 'rollout.resumed']);
  const steps: Record<string, number> = {};
  for (const { kind, data } of readLedger(remote, model)) {
    if ('rollout' in data && data.rollout === rollout && !way.has(kind)) steps[kind] = (steps[kind] ?? 0) + 1;
  }
  return {
    champion: partOf(cast, here.champion?.version),
    previous: partOf(cast, here.previous?.version),
    open: here.rollout?.id,
    locks: Object.keys(state.locks),
    endings: here.history
      .filter((one) => one.rollout === rollout)
      .map(({ outcome, code }) => [outcome, code]),
    steps,
  };
}

async function readHost({ agent, model }: Lane, cast: Cast) {
  const state = await agent.state();
  const { stable, candidate, candidatePercent, shadow, brake } = state.traffic[model] ?? {};
  const instances = state.instances
    .filter((instance) => instance.state !== 'stopped')
    .map((instance) => [partOf(cast, instance.version), { state: instance.state, code: instance.code }]);
  return {
    instances: Object.fromEntries(instances),
    traffic: {
      stable: partOf(cast, stable),
      candidate: partOf(cast, candidate),
      candidatePercent,
      shadow,
      brake: brake?.code,
    },
    undelivered: state.outbox.pending,
  };
}

async function readAliases({ tracking, model }: Lane, cast: Cast) {
  const aliases = Object.values(ALIASES).map(async (alias) => [
    alias,
    partOf(cast, await tracking.getAlias(model, alias)),
  ]);
  return Object.fromEntries(await Promise.all(aliases));
}

/** How the rollout ended, by the record that is kept of it. */
async function readRecord({ tracking, remote, model }: Lane, { candidate }: Cast, rollout: string) {
  const runId = readLedgerState(remote, model).versions[candidate]?.runId;
  if (runId === undefined) return undefined;
  const record = await createRolloutRecords(tracking, NO_KEYS).find(runId, rollout);
  return record?.events.at(-1)?.kind;
}

function readGitHub({ repository }: Lane, rollout: string) {
  const deployments = [...repository.deployments.values()].filter(({ task }) => task === rollout);
  return {
    deployments: deployments.map(({ statuses }) => statuses.at(-1)?.state),
    told: tellBrakes(arrivalsOf(repository.dispatches), rollout),
  };
}

function partOf({ candidate, stable, previous }: Cast, version: string | undefined): string | undefined {
  if (version === undefined) return undefined;
  if (version === candidate) return 'candidate';
  if (version === stable) return 'stable';
  return version === previous ? 'previous' : `version ${version}`;
}
