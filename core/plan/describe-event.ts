import { isCommandComment } from './parse-command.ts';
import { commentSchema, manualSchema, repositorySchema } from './payloads.ts';

/** What must be looked up before an event can be planned, and where to answer. */
export type EventFacts = {
  /** Whether someone awaits an answer: then their comment deserves a reaction. */
  readonly isCommand: boolean;
  /** Users whose permission decides. */
  readonly users: readonly string[];
  /** Pull request whose head is to be resolved. */
  readonly pullRequest?: number;
  /** Issue or pull request the answer goes to. */
  readonly issue?: number;
  readonly commentId?: number;
};

/** Reads from an event who asks, where, and about which pull request. `actor` is who started the run. */
export function describeEvent(eventName: string, payload: unknown, actor: string): EventFacts {
  if (eventName === 'workflow_dispatch') return describeManual(payload, actor);
  const read = eventName === 'issue_comment' ? commentSchema.safeParse(payload) : undefined;
  if (read?.success !== true) return { isCommand: false, users: [] };
  const { action, issue, comment } = read.data;
  if (action !== 'created' || comment.user.type === 'Bot' || !isCommandComment(comment.body)) {
    return { isCommand: false, users: [] };
  }
  return {
    isCommand: true,
    users: [...new Set([comment.user.login, actor])],
    issue: issue.number,
    commentId: comment.id,
    ...(issue.pull_request === undefined ? {} : { pullRequest: issue.number }),
  };
}

/** The repository's default branch as the event names it; `undefined` when it does not. */
export function findDefaultBranch(payload: unknown): string | undefined {
  const read = repositorySchema.safeParse(payload);
  return read.success ? read.data.repository.default_branch : undefined;
}

function describeManual(payload: unknown, actor: string): EventFacts {
  const read = manualSchema.safeParse(payload);
  const sender = read.success ? read.data.sender?.login : undefined;
  return { isCommand: false, users: [...new Set([sender ?? actor, actor])] };
}
