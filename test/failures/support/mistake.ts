import { ServiceError, UserError } from '../../../core/errors.ts';

/** Where a person looks for the answer. */
type Place = 'check' | 'doctor' | 'init' | 'host add' | 'host remove' | 'agent' | 'comment' | 'job';

/** What a person reads: the code of the problem, and the words. */
export type Answer = { readonly code: string; readonly said: string };

/** A mistake of the first hour, and what has to come of it. */
export type Mistake = {
  /** What was done, or was the case. */
  readonly does: string;
  readonly place: Place;
  readonly code: string;
  /** What the answer must hold for the person to know how to go on. */
  readonly names: RegExp;
  /** Makes the mistake for real, and gives all that is said to it. */
  readonly play: () => Promise<readonly Answer[]>;
};

/** Problems as they are read where a person looks. */
type Told = {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly where?: UserError['problems'][number]['where'];
};

/** A problem with its place in a file. */
export function answerOf({ code, message, remedy, where }: Told): Answer {
  const place = where?.kind === 'file' ? `${[where.file, where.line].filter(Boolean).join(':')}: ` : '';
  return { code, said: `${place}${message} ${remedy}` };
}

/** What was said of work that fails. Where it is nobody's to mend it is a defect of ours, as the harness has it. */
export async function answersOf(work: Promise<unknown>): Promise<readonly Answer[]> {
  try {
    await work;
    return [];
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown.problems.map(answerOf);
    if (thrown instanceof ServiceError) return [answerOf(thrown.problem)];
    return [{ code: 'internal-error', said: String(thrown) }];
  }
}
