import { type Problem, ServiceError, UserError } from '../errors.ts';

/** What was found of one thing that was looked at: right, wrong, or not to be told from here. */
export type Checked =
  | { readonly kind: 'fine'; readonly subject: string; readonly text: string }
  | { readonly kind: 'passed-over'; readonly subject: string; readonly text: string }
  | {
      readonly kind: 'flawed';
      readonly subject: string;
      /** An error will stop a job; a warning may, or does harm. */
      readonly level: 'error' | 'warning';
      readonly problem: Problem;
    };

/** Something that is right. */
export function fine(subject: string, text: string): Checked {
  return { kind: 'fine', subject, text };
}

/** Something that can't be told, and why. */
export function passedOver(subject: string, text: string): Checked {
  return { kind: 'passed-over', subject, text };
}

/** Problems that will stop a job. */
export function errors(subject: string, problems: readonly Problem[]): readonly Checked[] {
  return problems.map((problem) => ({ kind: 'flawed', subject, level: 'error', problem }));
}

/** Problems that may stop one. */
export function warnings(subject: string, problems: readonly Problem[]): readonly Checked[] {
  return problems.map((problem) => ({ kind: 'flawed', subject, level: 'warning', problem }));
}

/** What stopped a look: problems where it says what to do, of the user's or of a service. Throws whatever else was thrown. */
export function errorsOf(subject: string, thrown: unknown): readonly Checked[] {
  if (thrown instanceof UserError) return errors(subject, thrown.problems);
  if (thrown instanceof ServiceError) return errors(subject, [thrown.problem]);
  throw thrown;
}
