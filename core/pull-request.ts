/** A pull request as the API gives it now; `headRepository` is empty when its fork is gone. */
export type PullRequest = {
  readonly number: number;
  readonly headSha: string;
  readonly headRepository: string;
  readonly headBranch: string;
  readonly baseRepository: string;
  readonly state: 'open' | 'closed';
};

/** A change of a branch, as the server that took it remembers it: a commit's own dates are whatever its author writes. */
export type BranchUpdate = { readonly after: string; readonly at: string };

/** How a commit is shown to do, in one of possibly many respects: `context` names it. */
export type CommitStatus = {
  readonly context: string;
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  /** One sentence; what is too long for GitHub is cut. */
  readonly description: string;
};
