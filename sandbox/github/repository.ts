import type { PermissionLevel } from '../../core/permission.ts';

export type Comment = {
  readonly id: number;
  readonly issue: number;
  readonly user: string;
  readonly createdAt: string;
  body: string;
  readonly reactions: { id: number; user: string; content: string }[];
};

/** An issue, or a pull request when it has a head. */
export type Issue = {
  readonly number: number;
  readonly user: string;
  readonly createdAt: string;
  title: string;
  body: string;
  state: 'open' | 'closed';
  /** `base` is the branch it is to be merged into, where that is not the default one. */
  readonly head?: {
    readonly repository: string;
    readonly branch: string;
    sha: string;
    readonly base?: string;
  };
};

export type DeploymentRecord = {
  readonly id: number;
  readonly ref: string;
  readonly sha: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: unknown;
  readonly createdAt: string;
  readonly statuses: {
    id: number;
    state: string;
    description: string;
    createdAt: string;
    logUrl: string;
    environmentUrl: string;
  }[];
};

/** What somebody says of how a commit does; of one commit and context the newest counts. */
type CommitStatusRecord = {
  readonly id: number;
  readonly sha: string;
  readonly context: string;
  readonly state: string;
  readonly description: string;
  readonly targetUrl: string | null;
};

export type Dispatch = { readonly type: string; readonly payload: unknown; readonly at: string };

/** A change of a branch, and when it came. */
type Update = {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
  readonly timestamp: string;
};

/** A run that a schedule has started, and the reusable workflow that it called, `owner/name/.github/workflows/file.yml@ref`. */
type ScheduledRun = { readonly id: number; readonly called: string; readonly at: string };

/** What GitHub would remember of one repository, without its git objects. */
export type Repository = {
  /** What stays when it is renamed. */
  readonly id: number;
  /** `owner/name` as of now. */
  fullName: string;
  /** Names it had; whoever asks for one of them is sent on. */
  readonly formerNames: Set<string>;
  /** Whether Issues are switched on, which is anybody's choice in the settings; pull requests can be commented on without. */
  hasIssues: boolean;
  /** Whether a job's own token may open pull requests, which is off in the settings of a new repository. */
  actionsMayOpenPullRequests: boolean;
  readonly defaultBranch: string;
  /** Environments with required reviewers, by name; one absent here guards nothing. */
  readonly environments: Map<string, { readonly id: number; readonly reviewers: readonly string[] }>;
  /** Permission by login; a login absent here has none. */
  readonly people: Map<string, PermissionLevel>;
  readonly issues: Map<number, Issue>;
  readonly comments: Map<number, Comment>;
  readonly deployments: Map<number, DeploymentRecord>;
  /** Oldest first. */
  readonly statuses: CommitStatusRecord[];
  readonly dispatches: Dispatch[];
  /** Oldest first. The sandbox has no clock that starts runs: whoever wants one to have run adds it. */
  readonly scheduledRuns: ScheduledRun[];
  /** Of what is pushed by people, oldest first. */
  readonly updates: Update[];
  /** The next number of whatever is numbered. */
  readonly next: () => number;
};

const REPOSITORY_ID = 1_296_269;

/** Makes an empty repository of these people. */
export function createRepository(
  fullName: string,
  people: Readonly<Record<string, PermissionLevel>>,
  defaultBranch = 'main',
): Repository {
  let last = 0;
  return {
    id: REPOSITORY_ID,
    fullName,
    formerNames: new Set(),
    hasIssues: true,
    actionsMayOpenPullRequests: false,
    defaultBranch,
    environments: new Map(),
    people: new Map(Object.entries(people)),
    issues: new Map(),
    comments: new Map(),
    deployments: new Map(),
    statuses: [],
    dispatches: [],
    scheduledRuns: [],
    updates: [],
    next: () => {
      last += 1;
      return last;
    },
  };
}

/** Renames a repository, or hands it to another owner: the former name leads on, as long as nobody takes it. */
export function renameRepository(repository: Repository, fullName: string): void {
  repository.formerNames.add(repository.fullName);
  repository.formerNames.delete(fullName);
  repository.fullName = fullName;
}

/** Has deployments to an environment wait until one of these logins has spoken. */
export function requireReview(
  repository: Repository,
  environment: string,
  reviewers: readonly string[],
): void {
  const id = repository.environments.get(environment)?.id ?? repository.next();
  repository.environments.set(environment, { id, reviewers });
}

/** Adds an issue, or a pull request when `head` is given, and gives it. */
export function addIssue(
  repository: Repository,
  issue: Pick<Issue, 'user' | 'title' | 'body'> & Partial<Pick<Issue, 'head'>>,
): Issue {
  const added: Issue = {
    ...issue,
    number: repository.next(),
    createdAt: new Date().toISOString(),
    state: 'open',
  };
  repository.issues.set(added.number, added);
  return added;
}

/** Remembers that a branch was changed now; without `before` it was made. */
export function addUpdate(
  repository: Repository,
  {
    branch,
    before,
    after,
  }: { readonly branch: string; readonly before: string | undefined; readonly after: string },
): void {
  const timestamp = new Date().toISOString();
  repository.updates.push({
    ref: `refs/heads/${branch}`,
    before: before ?? '0'.repeat(40),
    after,
    timestamp,
  });
}

/** Adds a comment and gives it. */
export function addComment(repository: Repository, issue: number, user: string, body: string): Comment {
  const comment: Comment = {
    id: 1_000 + repository.next(),
    issue,
    user,
    body,
    createdAt: new Date().toISOString(),
    reactions: [],
  };
  repository.comments.set(comment.id, comment);
  return comment;
}

/** The comments of one issue, oldest first. */
export function commentsOf(repository: Repository, issue: number): readonly Comment[] {
  return [...repository.comments.values()].filter((comment) => comment.issue === issue);
}
