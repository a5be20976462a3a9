import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { ChainOptions } from './chain-options.ts';
import { playKind } from './play-kind.ts';
import type { PlayedKind } from './played.ts';
import { KINDS_FOLDER, type ModelKind } from './read-kinds.ts';
import { commitAll, makeWorkplace } from './workplace.ts';

/** What all kinds are played with. */
type PlayOptions = Omit<ChainOptions, 'place'> & {
  /** Folder of the repositories. */
  readonly folder: string;
  readonly trackingUri: string;
  /** How many are played at the same time. */
  readonly jobs: number;
  /** Hears how each ended. */
  readonly onPlayed: (kind: ModelKind, played: PlayedKind) => void;
};

/** Plays kinds, several at a time. */
export async function playAll(kinds: readonly ModelKind[], options: PlayOptions): Promise<void> {
  const { folder, python, trackingUri, onPlayed } = options;
  const places = kinds.map((kind) => ({ kind, place: makeWorkplace(kind, folder, trackingUri) }));
  const names = kinds.map(({ name }) => name);
  execFileSync(python, [path.join(KINDS_FOLDER, 'write_holdouts.py'), folder, ...names]);
  const waiting = [...places];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { kind, place } = next;
      commitAll(place);
      onPlayed(kind, await playKind(kind, { ...options, place }));
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
}
