import { messageOf } from '../../core/errors.ts';
import type { PermissionLevel } from '../../core/permission.ts';
import type { EventFacts } from '../../core/plan/describe-event.ts';
import type { GitHub, Log } from '../../core/ports.ts';
import { commentMarker } from '../../core/report/comment-marker.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Report } from '../../core/report/report.ts';

/** Who is told of a failure, when the file that says who may command can't be read: strangers are not. */
const MAY_WRITE: readonly PermissionLevel[] = ['write', 'maintain', 'admin'];

/** Says things where the command was given. It is a courtesy: a comment that can't be written never stops what was asked for. */
export type Answering = {
  readonly react: (reaction: 'eyes' | 'rocket' | '-1') => Promise<void>;
  readonly answer: (report: Report) => Promise<void>;
  /** That it failed, to those who may write to the repository. */
  readonly answerFailure: (report: Report) => Promise<void>;
};

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
  return {
    react,
    answer,
    answerFailure: async (report) => {
      if (github === undefined || issue === undefined) return;
      const roles = await Promise.all(users.map((user) => github.permissionOf(user)));
      if (!roles.every((role) => MAY_WRITE.includes(role))) return;
      await react('-1');
      await answer(report);
    },
  };
}
