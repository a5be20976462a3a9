import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { EndedKind, PlayedKind } from './played.ts';

const endedSchema: z.ZodType<EndedKind> = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['works', 'wrong', 'defect']) }),
  z.object({ kind: z.literal('refused'), code: z.string(), remedy: z.string() }),
]);

/** How each kind ended when it was played last, by its name. */
type EndedByName = Readonly<Record<string, EndedKind>>;

/** What was played before; nothing where there is no such file. */
export function readPlayed(file: string): EndedByName {
  if (!existsSync(file)) return {};
  return z.record(z.string(), endedSchema).parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Keeps how a kind ended, in the order of names, without what was said of this machine's files and runs. */
export function keepPlayed(file: string, name: string, played: PlayedKind): void {
  const known = { ...readPlayed(file), [name]: withoutPlace(played) };
  const inOrder = Object.entries(known).toSorted(([one], [other]) => (one < other ? -1 : 1));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(inOrder), undefined, 2)}\n`);
}

function withoutPlace(played: PlayedKind): EndedKind {
  if (played.kind !== 'refused') return { kind: played.kind };
  return { kind: 'refused', code: played.code, remedy: played.remedy };
}
