import { checkPermissions } from './check-permissions.ts';
import { ignore, type PlanDecision, type Refused, refuse } from './decision.ts';
import { type ParsedCommand, parseCommand } from './parse-command.ts';
import { type CommentPayload, commentSchema } from './payloads.ts';
import type { PlanInput } from './plan-input.ts';
import { type Request, resolveOperation } from './resolve-operation.ts';

/** Commands that run the code of the pull request. */
const RUNS_CODE: ReadonlySet<string> = new Set(['train', 'tune']);
/** Commands that only tell. */
const TELLS: ReadonlySet<string> = new Set(['status', 'help']);

/** A comment's command, if who wrote it and who runs it may give it, on the head the pull request has now. */
export function planComment(input: PlanInput): PlanDecision {
  const read = commentSchema.safeParse(input.payload);
  if (!read.success) return refuse('bad-payload', "This comment event can't be read.", 'Comment again.');
  const { action, comment, issue } = read.data;
  if (action !== 'created') {
    return ignore(
      'edited-comment',
      'Only new comments are obeyed: an edited one might say what nobody has seen.',
    );
  }
  if (comment.user.type === 'Bot') return ignore('bot-comment', 'Comments of bots are not obeyed.');
  const parsed = parseCommand(comment.body);
  if (parsed.kind === 'ignore') return parsed;
  const denied = checkPermissions(input, [...new Set([comment.user.login, input.actor])]);
  if (denied !== undefined) return denied;
  if (parsed.kind === 'refuse') return parsed;
  const sha =
    issue.pull_request === undefined
      ? checkIssue(input, parsed)
      : checkPullRequest(input, parsed, issue.number);
  if (typeof sha !== 'string') return sha;
  return resolveOperation(toRequest(read.data, parsed, sha), input.config, input.state);
}

function checkIssue({ sha }: PlanInput, { commit }: ParsedCommand): string | Refused {
  return commit === undefined || sha.startsWith(commit) ? sha : headMoved(commit, sha);
}

function checkPullRequest(input: PlanInput, parsed: ParsedCommand, number: number): string | Refused {
  const { pullRequest, config, sha } = input;
  const { command, commit } = parsed;
  if (TELLS.has(command.name)) return sha;
  if (pullRequest === undefined || pullRequest.number !== number) {
    return refuse('bad-payload', `Pull request ${number} can't be read.`, 'Comment again.');
  }
  if (pullRequest.headRepository !== pullRequest.baseRepository && !config.commands.forks) {
    return refuse(
      'fork',
      `This pull request comes from ${pullRequest.headRepository || 'a fork that is gone'}.`,
      'Push the branch to this repository, or set `commands.forks: true` if its code may run on your runners.',
    );
  }
  if (!RUNS_CODE.has(command.name)) return sha;
  if (pullRequest.state === 'closed') {
    return refuse(
      'closed-pull-request',
      'This pull request is closed.',
      'Reopen it, or train the default branch by hand.',
    );
  }
  const { headSha } = pullRequest;
  return commit === undefined || headSha.startsWith(commit) ? headSha : headMoved(commit, headSha);
}

function headMoved(commit: string, head: string): Refused {
  return refuse(
    'head-moved',
    `The head is ${head.slice(0, 12)} now, not ${commit}.`,
    'Look at what was pushed since, then name the new head.',
  );
}

function toRequest({ issue, comment }: CommentPayload, parsed: ParsedCommand, sha: string): Request {
  const { command, dryRun, parameters, version, environment, reason } = parsed;
  const url = comment.html_url;
  return {
    operation: command.name,
    sha,
    parameters,
    cause: { kind: 'comment', id: `comment-${comment.id}`, ...(url === undefined ? {} : { url }) },
    actor: comment.user.login,
    commentId: comment.id,
    dryRun,
    ...(issue.pull_request === undefined ? {} : { pullRequest: issue.number }),
    ...(version === undefined ? {} : { version }),
    ...(environment === undefined ? {} : { environment }),
    ...(reason === undefined ? {} : { reason }),
  };
}
