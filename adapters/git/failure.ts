import { withoutCredentials } from './credentials.ts';
import type { GitOutcome } from './run.ts';

/** Why git could not do it: who must act follows from the kind. */
type GitFailureKind = 'denied' | 'not-found' | 'unreachable' | 'local';

const KINDS: readonly (readonly [RegExp, GitFailureKind])[] = [
  [
    /Authentication failed|could not read Username|Permission denied|403|401|denied to|protected branch|hook declined|GH00\d|not allowed to/i,
    'denied',
  ],
  [/Repository not found|does not appear to be a git repository|not found/i, 'not-found'],
];

/** A git command that failed, with what it printed. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';
  readonly kind: GitFailureKind;

  constructor(command: string, outcome: GitOutcome) {
    const printed = withoutCredentials(`${outcome.stderr}\n${outcome.stdout.toString('utf8')}`).trim();
    const said =
      outcome.code === undefined ? 'did not end within its time limit' : lastLines(printed) || 'failed';
    super(`git ${command}: ${said}`);
    this.kind = command === 'fetch' || command === 'push' ? kindOf(printed) : 'local';
  }
}

function kindOf(printed: string): GitFailureKind {
  return KINDS.find(([form]) => form.test(printed))?.[1] ?? 'unreachable';
}

function lastLines(printed: string): string {
  return printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:hint:|To |Done$|error: failed to push)/.test(line))
    .slice(-3)
    .join(' · ')
    .slice(0, 500);
}
