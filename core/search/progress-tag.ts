import { z } from 'zod';
import { TAGS } from '../names.ts';

/** Seals facts so that the jobs of one search know each other's. */
type Seal = (facts: readonly string[]) => string;

const progressSchema = z.object({ said: z.string().max(2_000), at: z.iso.datetime(), seal: z.string() });

/** How far a search is, in words, and as of when. */
type Said = Pick<z.infer<typeof progressSchema>, 'said' | 'at'>;

/** The tag by which the job of a search says on its run how far that is. */
export function progressTag({ said, at }: Said, runId: string, seal: Seal): Readonly<Record<string, string>> {
  return { [TAGS.progress]: JSON.stringify({ said, at, seal: seal(factsOf({ said, at }, runId)) }) };
}

/** What a job of this search has said so; `undefined` where none has. Whoever may write to MLflow can put something else there. */
export function readProgress(
  tags: Readonly<Record<string, string>>,
  runId: string,
  seal: Seal,
): Said | undefined {
  const read = progressSchema.safeParse(parse(tags[TAGS.progress] ?? ''));
  if (!read.success) return undefined;
  const { said, at, seal: sealed } = read.data;
  return sealed === seal(factsOf({ said, at }, runId)) ? { said, at } : undefined;
}

function factsOf({ said, at }: Said, runId: string): readonly string[] {
  return ['progress', runId, at, said];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
