import type { GitHub } from '../../core/ports.ts';
import { commentMarker } from '../../core/report/comment-marker.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Report } from '../../core/report/report.ts';
import type { Contract } from './contract.ts';
import type { Plan } from './handoff.ts';
import type { Job } from './harness.ts';
import { connectGitHub } from './wiring.ts';

/** The section of a comment that tells of the chain as a whole: that it has begun, and how it ended. */
export const CHAIN_SECTION = 'chain';

/** What one comment is about: all actions of one model and correlation id share it, each with its own section. */
export type CommentTarget = {
  readonly model: string;
  /** The issue or pull request. */
  readonly thread: number;
  readonly correlationId: string;
  readonly section: string;
  readonly runUrl: string;
};

/**
 * Lets the job's outcome, however it ends, be told in the issue or pull request where the plan was asked for. Gives what writes there while
 * the job runs, and gives the address of the comment; `undefined` when it was asked for elsewhere.
 */
export function commentOnPlan<C extends Contract>(
  job: Job<C>,
  plan: Plan,
  { token, section = job.name }: { readonly token: string; readonly section?: string },
): ((report: Report) => Promise<string>) | undefined {
  const { model, thread, correlationId } = plan;
  if (thread === undefined || token === '') return undefined;
  const github = connectGitHub(job.host, token, job.log);
  const target = { model, thread, correlationId, section, runUrl: job.host.runUrl };
  const comment = async (report: Report) => updateComment(await github, target, report);
  job.reportTo(async ({ report }) => {
    await comment(report);
  });
  return comment;
}

/** Writes one section of the comment, and leaves the others as they are. Gives the comment's address. */
export async function updateComment(github: GitHub, target: CommentTarget, report: Report): Promise<string> {
  const marker = commentMarker(`${target.model}/${target.correlationId}`);
  const place = { kind: 'section', runUrl: target.runUrl } as const;
  const text = renderMarkdown(report, place);
  return github.upsertComment(target.thread, marker, (previous) =>
    replaceSection(previous ?? marker, target.section, text),
  );
}

/** The body with this section's text put in place, or added at the end. */
function replaceSection(body: string, section: string, text: string): string {
  const start = commentMarker(`begin ${section}`);
  const end = commentMarker(`end ${section}`);
  const block = `${start}\n${text}\n${end}`;
  const from = body.indexOf(start);
  const to = body.indexOf(end);
  if (from === -1 || to === -1) return `${body}\n${block}`;
  return `${body.slice(0, from)}${block}${body.slice(to + end.length)}`;
}
