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
      nearest === undefined ? list : `Did you mean \`${nearest}\`? ${list}`,
    ),
  );
}

/** The environment meant: the named one, else the only one with a rollout if `preferOpen`, else the default. */
export function chooseEnvironment(
  config: Config,
  state: LedgerState,
  named: string | undefined,
  preferOpen: boolean,
): Result<string, Refused> {
  if (named !== undefined) return findEnvironment(config, named);
  const open = Object.keys(config.environments).filter(
    (name) => environmentOf(state, name).rollout !== undefined,
  );
  const chosen = preferOpen && open.length === 1 ? open[0] : defaultEnvironment(config);
  return chosen === undefined ? err(noEnvironments()) : ok(chosen);
}

function noEnvironments(): Refused {
  return refuse(
    'no-environments',
    'The configuration has no environments.',
    'Add `environments: { production: { hosts: ["https://…"] } }` to trainyard.yml.',
  );
}
