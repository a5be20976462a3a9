import type { PermissionLevel } from '../../../core/permission.ts';
import type { GitHub } from '../../../core/ports.ts';
import type { CommitStatus } from '../../../core/pull-request.ts';
import type { DispatchPayload } from '../../../core/serving/dispatch-payload.ts';

/** GitHub in memory: `ann` may write, everyone else may only read. */
export type RecordingGitHub = GitHub & {
  readonly reactions: string[];
  /** Texts by `<sha>:<path>`. */
  readonly files: Map<string, string>;
  /** Paths that every push changes. */
  changed: readonly string[] | undefined;
  /** Bodies by issue and marker. */
  readonly comments: Map<string, string>;
  /** Statuses of commits, in the order in which they were set. */
  readonly statuses: ({ readonly sha: string } & CommitStatus)[];
  /** Title and body of open issues, by marker. */
  readonly issues: Map<string, string>;
  /** Changes that were proposed. */
  readonly proposals: Parameters<GitHub['proposeChange']>[0][];
  /** When the monitor's schedule last ran. */
  lastRunAt: string | undefined;
  /** How runs of workflows have ended, by their ids; the others go on. */
  readonly conclusions: Map<string, string>;
  readonly dispatches: { readonly type: string; readonly payload: DispatchPayload }[];
};

/** A repository without comments, issues or deployments, and one open pull request. */
export function createRecordingGitHub(): RecordingGitHub {
  const github: RecordingGitHub = {
    reactions: [],
    files: new Map(),
    changed: undefined,
    comments: new Map(),
    statuses: [],
    issues: new Map(),
    proposals: [],
    lastRunAt: '2026-11-21T11:00:00.000Z',
    conclusions: new Map(),
    dispatches: [],
    permissionOf: async (user): Promise<PermissionLevel> => (user === 'ann' ? 'write' : 'read'),
    getPullRequest: async (number) => ({
      number,
      headSha: 'c'.repeat(40),
      headRepository: 'acme/digits',
      headBranch: 'feature',
      baseRepository: 'acme/digits',
      state: 'open',
    }),
    newestUpdate: async () => ({ after: 'c'.repeat(40), at: '2026-11-21T10:00:00Z' }),
    changedFiles: async () => github.changed,
    readFile: async (file, sha) => github.files.get(`${sha}:${file}`),
    newestComments: async () => [],
    react: async (_comment, reaction) => {
      github.reactions.push(reaction);
    },
    upsertComment: async (issue, marker, body) => {
      const key = `${issue} ${marker}`;
      github.comments.set(key, typeof body === 'string' ? body : body(github.comments.get(key)));
      return `http://github.test/${issue}`;
    },
    upsertIssue: async (title, marker, body) => {
      github.issues.set(marker, `${title}\n${body}`);
      return 1;
    },
    closeIssue: async (marker) => {
      github.issues.delete(marker);
    },
    createDeployment: async () => 1,
    setDeploymentStatus: async () => undefined,
    setCommitStatus: async (sha, status) => {
      github.statuses.push({ sha, ...status });
    },
    proposeChange: async (change) => {
      github.proposals.push(change);
      return 'http://github.test/pull/9';
    },
    dispatch: async (type, payload) => {
      github.dispatches.push({ type, payload });
    },
    lastScheduledRun: async () => github.lastRunAt,
    conclusionOf: async (run) => github.conclusions.get(run),
  };
  return github;
}
