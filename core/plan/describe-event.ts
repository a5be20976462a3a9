import { DISPATCH_TYPES } from '../names.ts';
import type { Models } from './commands/address-command.ts';
import { type Effect, findCommand } from './commands/command-table.ts';
import { hearCommand } from './commands/hear-command.ts';
import {
  commentSchema,
  dispatchSchema,
  isBot,
  manualSchema,
  pushSchema,
  repositorySchema,
} from './payloads.ts';
import type { PlanInput } from './plan-input.ts';

/** What must be looked up before an event can be planned, and where to answer. */
export type EventFacts = {
  /** Whether someone awaits an answer: then their comment deserves a reaction. */
  readonly isCommand: boolean;
  /** What may come of it: what makes safe or tells is done whatever else is wrong. Absent where that can't be said yet. */
  readonly effect?: Effect;
  /** Users whose permission decides. */
  readonly users: readonly string[];
  /** Pull request whose head is to be resolved. */
  readonly pullRequest?: number;
  /** The commits before and after a push to the default branch, between which the changed files are to be found. */
  readonly push?: { readonly before: string; readonly after: string };
  /** Issue or pull request the answer goes to. */
  readonly issue?: number;
  readonly commentId?: number;
};

const NOBODY: EventFacts = { isCommand: false, users: [] };
const NO_COMMIT = /^0*$/;

type EventRequest = Pick<PlanInput, 'eventName' | 'payload' | 'actor' | 'models'>;

/** Reads from an event who asks, where, and about which pull request. `actor` is who started the run. */
export function describeEvent({ eventName, payload, actor, models }: EventRequest): EventFacts {
  switch (eventName) {
    case 'workflow_dispatch':
      return describeManual(payload, actor);
    case 'issue_comment':
      return describeComment(payload, actor, models);
    case 'push':
      return describePush(payload);
    case 'repository_dispatch':
      return describeDispatch(payload);
    default:
      return NOBODY;
  }
}

function describeComment(payload: unknown, actor: string, models: Models): EventFacts {
  const read = commentSchema.safeParse(payload);
  if (!read.success) return NOBODY;
  const { action, issue, comment } = read.data;
  if (action !== 'created') return NOBODY;
  const heard = hearCommand(comment.body, models);
  if (heard.kind === 'ignore') return NOBODY;
  const { parsed } = heard;
  const effect = parsed.kind === 'command' ? parsed.command.effect : 'tells';
  // What only tells or makes safe does not depend on the pull request: it is not held up by looking it up.
  const isFree = effect === 'tells' || effect === 'guards';
  const isAbout = issue.pull_request !== undefined && !isFree;
  return {
    isCommand: !isBot(comment.user),
    effect,
    users: [...new Set([comment.user.login, actor])],
    issue: issue.number,
    commentId: comment.id,
    ...(isAbout && { pullRequest: issue.number }),
  };
}

/** The report of a brake makes safe, whatever is wrong in the file. */
function describeDispatch(payload: unknown): EventFacts {
  const isBrake = dispatchSchema.safeParse(payload).data?.action === DISPATCH_TYPES.brake;
  return isBrake ? { ...NOBODY, effect: 'guards' } : NOBODY;
}

function describePush(payload: unknown): EventFacts {
  const read = pushSchema.safeParse(payload);
  if (!read.success || read.data.ref !== `refs/heads/${findDefaultBranch(payload)}`) return NOBODY;
  const { before = '', after } = read.data;
  return NO_COMMIT.test(before) || NO_COMMIT.test(after) ? NOBODY : { ...NOBODY, push: { before, after } };
}

/** The repository's default branch as the event names it; `undefined` when it does not. */
export function findDefaultBranch(payload: unknown): string | undefined {
  const read = repositorySchema.safeParse(payload);
  return read.success ? read.data.repository.default_branch : undefined;
}

function describeManual(payload: unknown, actor: string): EventFacts {
  const read = manualSchema.safeParse(payload);
  const { sender, inputs } = read.success ? read.data : {};
  const effect = findCommand(String(inputs?.['operation'] ?? ''))?.effect;
  return {
    isCommand: false,
    users: [...new Set([sender?.login ?? actor, actor])],
    ...(effect !== undefined && { effect }),
  };
}
