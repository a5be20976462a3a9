import type { Config } from '../config/config.ts';
import { epochMs, secondsBetween, toInstant } from '../instant.ts';
import { checkHead, isOfFork } from './check-head.ts';
import { checkPermissions, isNamed } from './check-permissions.ts';
import { readFreezeWords } from './choose-environment.ts';
import { DRY_RUN } from './commands/command-table.ts';
import { hearCommand } from './commands/hear-command.ts';
import { muteOf } from './commands/mute-of.ts';
import type { ParsedCommand } from './commands/parse-command.ts';
import { ignore, type PlanDecision, type Refused, refuse } from './decision.ts';
import { type CommentPayload, commentSchema, isBot } from './payloads.ts';
import type { PlanInput } from './plan-input.ts';
import { type Request, resolveOperation } from './resolve-operation.ts';

/** A run that is repeated later than this says what was meant in another world, in s. */
const MAX_AGE_SECONDS = 86_400;

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
  if (isBot(comment.user) && !isNamed(input.config, comment.user.login)) {
    return ignore(
      'bot-comment',
      'Comments of bots are not obeyed, but for those that `commands.users` names.',
    );
  }
  const heard = hearCommand(comment.body, input.models);
  if (heard.kind === 'ignore') return heard;
  const { parsed, isForAll } = heard;
  const denied = checkPermissions(input, [...new Set([comment.user.login, input.actor])]);
  if (denied !== undefined) return denied;
  if (parsed.kind === 'refuse') return parsed;
  if (isForAll && parsed.command.effect !== 'tells') return whichModel(input, parsed);
  if (parsed.command.effect !== 'tells') {
    const age = secondsBetween(comment.created_at, input.now);
    if (age > MAX_AGE_SECONDS) return tooOld(comment.created_at);
  }
  const sha =
    issue.pull_request === undefined ? checkIssue(input, parsed) : checkPullRequest(input, parsed, read.data);
  if (typeof sha !== 'string') return sha;
  const request = toRequest(read.data, readWords(input.config, parsed), sha);
  return resolveOperation(request, input.config, input.state);
}

function readWords(config: Config, parsed: ParsedCommand): ParsedCommand {
  if (parsed.command.name !== 'freeze') return parsed;
  const { environment: _environment, reason: _reason, ...rest } = parsed;
  return { ...rest, ...readFreezeWords(config, parsed) };
}

function whichModel({ models }: PlanInput, { command, dryRun }: ParsedCommand): Refused {
  const written = `/${dryRun ? `${DRY_RUN} ` : ''}${command.name}`;
  const choices = models.all.map((model) => `\`${written} ${model}\``);
  return refuse(
    'which-model',
    `This repository has ${models.all.length} models, and the command names none of them.`,
    `Name one right after the command: ${choices.join(' or ')}.`,
  );
}

function tooOld(at: string): Refused {
  return refuse(
    'stale',
    `This was asked for at ${at}, and what it meant then may be something else now.`,
    'Comment it again.',
  );
}

function checkIssue({ sha }: PlanInput, { commit }: ParsedCommand): string | Refused {
  if (commit === undefined || sha.startsWith(commit)) return sha;
  return refuse(
    'head-moved',
    `The head of the default branch is ${sha.slice(0, 12)}, not ${commit}.`,
    'Name that, or comment on the pull request of the other commit.',
  );
}

/** Only a training runs the pull request's code. What makes safe is done wherever it is asked for. */
function checkPullRequest(
  input: PlanInput,
  { command, commit }: ParsedCommand,
  { issue, comment }: CommentPayload,
): string | Refused {
  const { pullRequest, config, sha } = input;
  if (command.effect === 'tells' || command.effect === 'guards') return sha;
  if (pullRequest === undefined || pullRequest.number !== issue.number) {
    return refuse('bad-payload', `Pull request ${issue.number} can't be read.`, 'Comment again.');
  }
  const isFork = isOfFork(pullRequest);
  if (isFork && !config.commands.forks) {
    return refuse(
      'fork',
      `This pull request comes from ${pullRequest.headRepository || 'a fork that is gone'}.`,
      'Push the branch to this repository, or set `commands.forks: true` if its code may run on your runners.',
    );
  }
  if (command.effect !== 'trains') return sha;
  if (pullRequest.state === 'closed') {
    return refuse(
      'closed-pull-request',
      'This pull request is closed.',
      'Reopen it, or train the default branch by hand.',
    );
  }
  const { headSha: head } = pullRequest;
  const said = { head, commit, isFork, at: comment.created_at, correlationId: correlationIdOf(comment) };
  return checkHead(input, said) ?? head;
}

function correlationIdOf({ id }: CommentPayload['comment']): string {
  return `comment-${id}`;
}

function toRequest({ issue, comment }: CommentPayload, parsed: ParsedCommand, sha: string): Request {
  const { command, dryRun, parameters, version, environment, reason, next, production } = parsed;
  const url = comment.html_url;
  const saidAt = toInstant(epochMs(comment.created_at));
  return {
    operation: command.name,
    sha,
    parameters,
    cause: { kind: 'comment', id: correlationIdOf(comment), ...(url === undefined ? {} : { url }) },
    actor: comment.user.login,
    word: { at: saidAt, namesVersion: version !== undefined },
    commentId: comment.id,
    thread: issue.number,
    dryRun,
    ...muteOf(parsed, saidAt),
    ...(issue.pull_request === undefined ? {} : { pullRequest: issue.number }),
    ...(version === undefined ? {} : { version }),
    ...(environment === undefined ? {} : { environment }),
    ...(reason === undefined ? {} : { reason }),
    ...(next === undefined ? {} : { next }),
    ...(production === undefined ? {} : { production }),
  };
}
