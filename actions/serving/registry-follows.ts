import { messageOf } from '../../core/errors.ts';
import type { RegistryAliases } from '../../core/identity/registry-aliases.ts';
import { type EnvironmentState, environmentOf, type LedgerState } from '../../core/ledger/state.ts';
import { TAGS } from '../../core/names.ts';
import type { Log, Tracking } from '../../core/ports.ts';

type Role = keyof RegistryAliases;

const ROLES = ['champion', 'challenger', 'previous'] as const satisfies readonly Role[];

/** The part of MLflow's registry that is a projection of the ledger. */
export type ModelRegistry = Pick<Tracking, 'getAlias' | 'setAlias' | 'setVersionTags'>;

/**
 * Makes the registry follow what the ledger says of an environment: where its three aliases point, and which versions its tags call
 * served and archived. Each alias that had to be moved is given in words. A registry that does not answer only warns: whoever comes
 * next makes it follow.
 */
export async function registryFollows(
  { registry, log }: { readonly registry: ModelRegistry; readonly log: Pick<Log, 'warn'> },
  state: LedgerState,
  { environment, aliases }: { readonly environment: string; readonly aliases: RegistryAliases },
): Promise<readonly string[]> {
  const { model } = state;
  const here = environmentOf(state, environment);
  const moved: string[] = [];
  // Where the ledger knows of no champion, what the registry says is all that is known.
  if (here.champion === undefined) return moved;
  try {
    for (const role of ROLES) {
      const alias = aliases[role];
      const present = await registry.getAlias(model, alias);
      const version = versionOf(role, present, here);
      if (present === version) continue;
      await registry.setAlias(model, alias, version);
      moved.push(describeMove(alias, present, version));
    }
    for (const [version, life] of livesOf(here, championsOf(state))) {
      await registry.setVersionTags(model, version, { [TAGS.life]: life });
    }
  } catch (thrown) {
    log.warn(`MLflow could not be brought to what the ledger says: ${messageOf(thrown)}`);
  }
  return moved;
}

/** Where an alias belongs. Whoever is no challenger any more, since a rollout of it has ended, loses that name. */
function versionOf(
  role: Role,
  present: string | undefined,
  { champion, previous, rollout, history }: EnvironmentState,
): string | undefined {
  switch (role) {
    case 'champion':
      return champion?.version;
    case 'previous':
      return previous?.version;
    case 'challenger':
      if (rollout?.version === present) return present;
      return history.some(({ version }) => version === present) ? undefined : present;
  }
}

/** Versions that serve some environment: what one has done with is not archived while another serves it. */
function championsOf({ environments }: LedgerState): ReadonlySet<string> {
  return new Set(Object.values(environments).flatMap(({ champion }) => champion?.version ?? []));
}

/** What the versions of the last rollout are now. */
function livesOf(
  { champion, previous, history }: EnvironmentState,
  serving: ReadonlySet<string>,
): readonly (readonly [version: string, life: 'archived' | 'production'])[] {
  const ended = history.at(-1);
  const left = [
    ...(ended?.outcome === 'rolled-back' ? [ended] : []),
    ...(previous === undefined ? [] : [previous]),
  ];
  const archived = left.filter(({ version }) => !serving.has(version));
  return [
    ...archived.map(({ version }) => [version, 'archived'] as const),
    ...(champion === undefined ? [] : [[champion.version, 'production'] as const]),
  ];
}

function describeMove(alias: string, from: string | undefined, to: string | undefined): string {
  const verb = to === undefined ? 'was taken away' : `points at ${to} again`;
  return `The alias ${alias} pointed at ${from ?? 'nothing'} and ${verb}.`;
}
