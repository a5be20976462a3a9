import { z } from 'zod';
import type { Problem } from '../../errors.ts';
import { LEDGER_BRANCH } from '../../names.ts';
import { err, ok, type Result } from '../../result.ts';

/** The file at the root of the branch that says what it is. A branch without it is somebody's own, and is not written to. */
export const TITLE_PAGE = 'ledger.json';

const titleSchema = z.object({
  ledger: z.literal(1),
  /** Heads of lost ledgers that this one was begun for, knowingly: nobody asks for them any more. */
  replaces: z.array(z.string()).default([]),
});

/** What the title page of a ledger says. */
export type TitlePage = Readonly<z.infer<typeof titleSchema>>;

/** The title page of a ledger that begins with its first event. */
export function newTitlePage(): string {
  return `${JSON.stringify({ ledger: 1, replaces: [] } satisfies TitlePage)}\n`;
}

/** What a title page says; a problem where the branch has none, or one that can't be read. */
export function readTitlePage(text: string | undefined): Result<TitlePage, Problem> {
  const read = text === undefined ? undefined : titleSchema.safeParse(parseJson(text));
  if (read?.success === true) return ok(read.data);
  const why = text === undefined ? `It has no ${TITLE_PAGE}` : `Its ${TITLE_PAGE} can't be read`;
  return err({
    code: 'no-ledger',
    message: `The branch ${LEDGER_BRANCH} is no ledger of Trainyard. ${why}.`,
    remedy: `Nothing is written to it. If it is a branch of your own, give it another name. If it is a ledger, restore ${TITLE_PAGE} from its history: \`${newTitlePage().trim()}\`.`,
    where: { kind: 'file', file: `${LEDGER_BRANCH}:${TITLE_PAGE}` },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
