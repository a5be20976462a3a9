import { type Config, defaultEnvironment } from '../config/config.ts';
import { environmentOf, type LedgerState, lookUp } from './state.ts';

/** The version that a challenger is compared with, and the model behind it. */
export type Champion = { readonly version: string; readonly modelUri: string; readonly runId: string };

/** The champion of an environment (the default one when none is named); `undefined` where nothing was ever promoted. */
export function findChampion(
  state: LedgerState,
  config: Config,
  environment: string | undefined,
): Champion | undefined {
  const name = environment ?? defaultEnvironment(config);
  const version = name === undefined ? undefined : environmentOf(state, name).champion?.version;
  const known = version === undefined ? undefined : lookUp(state.versions, version);
  return known && { version: known.version, modelUri: known.modelUri, runId: known.runId };
}
