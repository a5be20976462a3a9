import { withoutCredentials } from './credentials.ts';
import type { GitOutcome } from './run.ts';

/**
 * Why git could not do it: who must act follows from the kind. `unknown` is what matches no known form; it is quoted and never taken
 * for one of the others.
 */
type GitFailureKind = 'denied' | 'rule' | 'unauthorised' | 'not-found' | 'unreachable' | 'unknown' | 'local';

/** In the words of git, of its transports and of GitHub; the first that fits counts. */
const FORMS: readonly (readonly [RegExp, GitFailureKind])[] = [
  [/GH\d{3}\b|repository rule violations|protected branch|(?:hook|remote) declined/i, 'rule'],
  [
    /Authentication failed|could not read (?:Username|Password)|returned error: 401|Bad credentials/i,
    'unauthorised',
  ],
  [
    /returned error: 403|Permission denied|denied to |Write access to repository not granted|not allowed to/i,
    'denied',
  ],
  [
    /Repository not found|does not appear to be a git repository|returned error: 404|repository '[^']*' not found/i,
    'not-found',
  ],
  [
    /could ?n[o']t resolve|failed to connect|could ?n[o']t connect|connection (?:refused|reset|timed out|closed)|timed? ?out|no route to host|network is unreachable|early EOF|hung up|unexpected disconnect|RPC failed|returned error: (?:408|429|5\d\d)|SSL|TLS|empty reply/i,
    'unreachable',
  ],
];

/** A git command that failed, with what it printed. */
export class GitFailure extends Error {
  override readonly name = 'GitFailure';
  readonly kind: GitFailureKind;

  constructor(command: string, outcome: GitOutcome) {
    const printed = withoutCredentials(`${outcome.stderr}\n${outcome.stdout.toString('utf8')}`).trim();
    const isLate = outcome.code === undefined;
    super(`git ${command}: ${isLate ? 'did not end within its time limit' : wordsOf(printed) || 'failed'}`);
    this.kind = command === 'fetch' || command === 'push' ? kindOf(printed, isLate) : 'local';
  }
}

function kindOf(printed: string, isLate: boolean): GitFailureKind {
  if (isLate) return 'unreachable';
  return FORMS.find(([form]) => form.test(printed))?.[1] ?? 'unknown';
}

/** What the remote said, where it said something (a rule is in there); else git's last lines. */
function wordsOf(printed: string): string {
  const lines = printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^(?:hint:|To |Done$|error: failed to push)/.test(line));
  const told = lines
    .filter((line) => line.startsWith('remote:'))
    .map((line) => line.replace(/^remote:\s*/, ''))
    .filter((line) => line !== '');
  return [...told, ...lines.filter((line) => !line.startsWith('remote:')).slice(-3)]
    .join(' · ')
    .slice(0, 600);
}
