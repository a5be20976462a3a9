import { type Config, defaultEnvironment } from '../config/config.ts';
import { didYouMean } from '../did-you-mean.ts';
import { environmentOf, type LedgerState } from '../ledger/state.ts';
import { err, ok, type Result } from '../result.ts';
import { type Refused, refuse } from './decision.ts';

/** The environment of that name, as the configuration spells it. */
export function findEnvironment(config: Config, name: string): Result<string, Refused> {
  const known = Object.keys(config.environments);
  const found = known.find((candidate) => candidate === name.toLowerCase());
  if (found !== undefined) return ok(found);
  if (known.length === 0) return err(noEnvironments());
  const nearest = didYouMean(name, known);
  const list = `Environments: ${known.join(', ')}.`;
  return err(
    refuse(
      'unknown-environment',
      `There is no environment \`${name.slice(0, 100)}\`.`,
      nearest === undefined
        ? `${list} A version is written as \`v6\`.`
        : `Did you mean \`${nearest}\`? ${list}`,
    ),
  );
}

/** The words after `/freeze`: an environment and a reason, or a reason alone. */
type FreezeWords = { readonly environment?: string; readonly reason?: string };

/**
 * Reads a first word that is no environment, and no slip of one, as the beginning of the reason: everything is frozen then, which is more
 * than was meant at worst.
 */
export function readFreezeWords(config: Config, { environment, reason }: FreezeWords): FreezeWords {
  const rest = reason === undefined ? {} : { reason };
  if (environment === undefined) return rest;
  const known = Object.keys(config.environments);
  const word = environment.toLowerCase();
  const isMeant = known.some((name) => name.startsWith(word)) || didYouMean(word, known) !== undefined;
  return isMeant
    ? { environment, ...rest }
    : { reason: [environment, ...(reason ? [reason] : [])].join(' ') };
}

/** The environment an operation is meant for that needs one. */
type EnvironmentWish = {
  readonly config: Config;
  readonly state: LedgerState;
  /** As someone wrote it; `undefined` when they left it open. */
  readonly named: string | undefined;
  /** What is meant by leaving it open: the default one, or the one with a rollout in progress if there is just one. */
  readonly otherwise: 'default' | 'open-rollout';
};

/** The environment meant, as the configuration spells it. */
export function chooseEnvironment(wish: EnvironmentWish): Result<string, Refused> {
  const { config, state, named, otherwise } = wish;
  if (named !== undefined) return findEnvironment(config, named);
  const open = Object.keys(config.environments).filter(
    (name) => environmentOf(state, name).rollout !== undefined,
  );
  const isTheOne = otherwise === 'open-rollout' && open.length === 1;
  const chosen = isTheOne ? open[0] : defaultEnvironment(config);
  return chosen === undefined ? err(noEnvironments()) : ok(chosen);
}

function noEnvironments(): Refused {
  return refuse(
    'no-environments',
    'The configuration has no environments.',
    'Add `environments: { production: { hosts: ["https://…"] } }` to trainyard.yml.',
  );
}
