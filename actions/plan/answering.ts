import { messageOf } from '../../core/errors.ts';
import type { PermissionLevel } from '../../core/permission.ts';
import { statusContext } from '../../core/plan/chain/status-context.ts';
import type { EventFacts } from '../../core/plan/describe-event.ts';
import type { Operation, PlannedOperation } from '../../core/plan/hand-over.ts';
import type { GitHub, Log } from '../../core/ports.ts';
import { commentMarker } from '../../core/report/comment-marker.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Report } from '../../core/report/report.ts';
import { CHAIN_SECTION, updateComment } from '../job/thread-comment.ts';

/** Who is told of a failure, when the file that says who may command can't be read: strangers are not. */
const MAY_WRITE: readonly PermissionLevel[] = ['write', 'maintain', 'admin'];

/** Says things where the command was given. It is a courtesy: a comment that can't be written never stops what was asked for. */
export type Answering = {
  readonly react: (reaction: 'eyes' | 'rocket' | '-1') => Promise<void>;
  readonly answer: (report: Report) => Promise<void>;
  /** That a chain of jobs begins: where it was asked for, and beside the commit that it trains or rolls out. */
  readonly begin: (chain: Chain, report: Report) => Promise<void>;
  /** That it failed, to those who may write to the repository. */
  readonly answerFailure: (report: Report) => Promise<void>;
};

/** What is begun, and for which commit; without one no status is set. */
type Chain = {
  readonly operation: PlannedOperation;
  readonly model: string;
  readonly commit: string | undefined;
};

/** What changes how its commit does from the moment it is asked for. Others may find nothing to do. */
const SHOWN: ReadonlySet<Operation> = new Set(['train', 'tune', 'deploy']);

type AnsweringPorts = { readonly github: GitHub | undefined; readonly log: Log };

/** Answers one event, in one comment for each configuration. */
export function createAnswering(
  { github, log }: AnsweringPorts,
  facts: EventFacts,
  { file, runUrl }: { readonly file: string; readonly runUrl: string },
): Answering {
  const { isCommand, users, issue, commentId } = facts;
  const politely = async (what: string, work: () => Promise<unknown>) => {
    await work().catch((thrown: unknown) => log.warn(`${what}: ${messageOf(thrown)}`));
  };
  const react: Answering['react'] = async (reaction) => {
    if (github === undefined || !isCommand || commentId === undefined) return;
    await politely('The comment could not be reacted to', () => github.react(commentId, reaction));
  };
  const answer: Answering['answer'] = async (report) => {
    if (github === undefined || issue === undefined) return;
    const marker = commentMarker(`answer/${commentId ?? issue}/${file}`);
    const body = renderMarkdown(report, { kind: 'comment', runUrl });
    await politely('The answer could not be written', () => github.upsertComment(issue, marker, body));
  };
  const begin: Answering['begin'] = async ({ operation: planned, model, commit }, report) => {
    if (github === undefined) return;
    const { operation, correlationId, environment } = planned;
    const tellThread = async (thread: number) => {
      const target = { model, thread, correlationId, section: CHAIN_SECTION, runUrl };
      await politely('That it begins could not be written', () => updateComment(github, target, report));
    };
    const tellCommit = async (sha: string) => {
      const context = statusContext(model, environment);
      const status = { context, state: 'pending', description: `${operation}: under way.` } as const;
      await politely("The commit's status could not be set", () => github.setCommitStatus(sha, status));
    };
    await Promise.all([
      ...(issue === undefined ? [] : [tellThread(issue)]),
      ...(commit === undefined || !SHOWN.has(operation) ? [] : [tellCommit(commit)]),
    ]);
  };
  return {
    react,
    answer,
    begin,
    answerFailure: async (report) => {
      if (github === undefined || issue === undefined) return;
      const roles = await Promise.all(users.map((user) => github.permissionOf(user)));
      if (!roles.every((role) => MAY_WRITE.includes(role))) return;
      await react('-1');
      await answer(report);
    },
  };
}
