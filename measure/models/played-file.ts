import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { PlayedKind } from './played.ts';

const playedSchema: z.ZodType<PlayedKind> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('works') }),
  z.object({ kind: z.literal('refused'), code: z.string(), message: z.string(), remedy: z.string() }),
  z.object({ kind: z.literal('wrong'), found: z.array(z.string()) }),
  z.object({ kind: z.literal('defect'), message: z.string() }),
]);

/** How each kind ended when it was played last, by its name. */
type PlayedByName = Readonly<Record<string, PlayedKind>>;

/** What was played before; nothing where there is no such file. */
export function readPlayed(file: string): PlayedByName {
  if (!existsSync(file)) return {};
  return z.record(z.string(), playedSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Keeps how a kind ended. */
export function keepPlayed(file: string, name: string, played: PlayedKind): void {
  writeFileSync(file, JSON.stringify({ ...readPlayed(file), [name]: played }));
}
