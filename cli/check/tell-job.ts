import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { keepComment } from '../../adapters/github/keep-comment.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import type { Checked } from '../../core/check/checked.ts';
import { reportChecked } from '../../core/check/report-checked.ts';
import { messageOf, ServiceError } from '../../core/errors.ts';
import { commentMarker } from '../../core/report/comment-marker.ts';
import { renderMarkdown } from '../../core/report/render-markdown.ts';
import type { Surroundings } from '../surroundings.ts';

const eventSchema = z.object({ pull_request: z.object({ number: z.number() }).optional() });

/** What was checked, and whether a pull request is told of it. */
type Told = { readonly checked: readonly Checked[]; readonly file: string; readonly comments: boolean };

/**
 * Tells a job of GitHub Actions, and the pull request that it runs for, what was found: the summary always, and one comment, which is
 * edited from push to push. A first one is written only where something is wrong. It is a courtesy: a comment that can't be written (a
 * fork's job has no token for it) changes nothing of what the check says.
 */
export async function tellJob({ checked, file, comments }: Told, world: Surroundings): Promise<void> {
  const { env, print } = world;
  const report = reportChecked(checked);
  const summary = env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined && summary !== '')
    await appendFile(summary, `${renderMarkdown(report, { kind: 'summary' })}\n`);
  if (!comments) return;
  const thread = await findThread(env);
  if (typeof thread === 'string') {
    print.trouble(`No comment: ${thread}`);
    return;
  }
  const server = env['GITHUB_SERVER_URL'] ?? 'https://github.com';
  const runUrl = `${server}/${thread.repository}/actions/runs/${env['GITHUB_RUN_ID'] ?? ''}`;
  const body = renderMarkdown(report, { kind: 'comment', runUrl });
  const isNew = checked.some(({ kind }) => kind === 'flawed');
  const marker = commentMarker(`check/${file}`);
  try {
    await keepComment(thread, { marker, body, isNew }, { fetch: createFetch(env) });
  } catch (thrown) {
    if (!(thrown instanceof ServiceError || thrown instanceof z.ZodError)) throw thrown;
    print.trouble(
      `The comment could not be written, and the summary of this run has it all: ${messageOf(thrown)}`,
    );
  }
}

/** The thread of the pull request that the job runs for; in the place of none, why. */
async function findThread(env: Surroundings['env']) {
  const token = env['GITHUB_TOKEN'] ?? '';
  if (token === '') return 'GITHUB_TOKEN is not set for this step.';
  const text = await readFile(env['GITHUB_EVENT_PATH'] ?? '', 'utf8').catch(() => '{}');
  const event = eventSchema.safeParse(JSON.parse(text));
  const number = event.success ? event.data.pull_request?.number : undefined;
  if (number === undefined) return 'this job runs for no pull request.';
  return {
    ...{ number, token, repository: env['GITHUB_REPOSITORY'] ?? '' },
    apiUrl: env['GITHUB_API_URL'] ?? 'https://api.github.com',
    graphqlUrl: env['GITHUB_GRAPHQL_URL'] ?? 'https://api.github.com/graphql',
  };
}
