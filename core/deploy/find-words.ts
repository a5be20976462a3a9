import { type EnvironmentState, lookUp } from '../ledger/state.ts';
import type { Word } from '../serving/api.ts';

/** What persons have said last for these versions, as an order of traffic carries it to hosts. */
export function findWords(
  { words = {} }: Pick<EnvironmentState, 'words'>,
  versions: readonly (string | undefined)[],
): readonly Word[] {
  return versions.flatMap((version) => {
    const word = version === undefined ? undefined : lookUp(words, version);
    return version === undefined || word === undefined ? [] : [{ version, ...word }];
  });
}
