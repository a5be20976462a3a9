import { z } from 'zod';
import { type HttpDependencies, requestJson } from '../network/http.ts';

const PAGE = 100;
const commentsSchema = z.array(
  z.object({
    id: z.number(),
    body: z.string().nullish(),
    user: z.object({ login: z.string() }).nullish(),
  }),
);
const viewerSchema = z.object({ data: z.object({ viewer: z.object({ login: z.string() }) }) });
type Comment = z.infer<typeof commentsSchema>[number];

/** A thread of GitHub, and who speaks there: addresses as the runner gives them. */
type Thread = {
  readonly apiUrl: string;
  readonly graphqlUrl: string;
  /** `owner/name` */
  readonly repository: string;
  readonly number: number;
  readonly token: string;
};

/** One comment of ours: the mark that begins it, its text, and whether it is worth a first one. */
type Kept = { readonly marker: string; readonly body: string; readonly isNew: boolean };

/**
 * Keeps one comment of a thread up to date with plain requests, where there is no runner's toolkit: it is edited in place, and made only
 * where `isNew` says so. One that another account wrote is never touched. Rejects with a ServiceError.
 */
export async function keepComment(
  thread: Thread,
  { marker, body, isNew }: Kept,
  http: HttpDependencies = {},
): Promise<void> {
  const { apiUrl, repository, number } = thread;
  const ask = connect(thread, http);
  const issue = `${apiUrl}/repos/${repository}/issues`;
  const [own] = await findOwn(thread, marker, ask);
  const json = { body: `${marker}\n${body}` };
  if (own !== undefined) await ask(`${issue}/comments/${own.id}`, 'PATCH', json);
  else if (isNew) await ask(`${issue}/${number}/comments`, 'POST', json);
}

type Ask = (url: string, method?: string, json?: unknown) => Promise<unknown>;

function connect({ token, repository }: Thread, http: HttpDependencies): Ask {
  const headers = { authorization: `Bearer ${token}`, 'x-github-api-version': '2022-11-28' };
  const remedyWhenRefused = `Grant the job \`pull-requests: write\` in ${repository}. GitHub gives it to no pull request of a fork.`;
  return async (url, method = 'GET', json = undefined) => {
    const sent = json === undefined ? {} : { json };
    const accept = 'application/vnd.github+json';
    return (
      await requestJson({ url, method, headers: { ...headers, accept }, remedyWhenRefused, ...sent }, http)
    ).body;
  };
}

async function findOwn(
  { apiUrl, graphqlUrl, repository, number }: Thread,
  marker: string,
  ask: Ask,
): Promise<readonly Comment[]> {
  const marked: Comment[] = [];
  for (let page = 1; ; page += 1) {
    const query = `per_page=${PAGE}&page=${page}`;
    const comments = commentsSchema.parse(
      await ask(`${apiUrl}/repos/${repository}/issues/${number}/comments?${query}`),
    );
    marked.push(...comments.filter(({ body }) => body?.startsWith(marker) === true));
    if (comments.length < PAGE) break;
  }
  // Anybody can copy a marker; whose token it is is asked only where it matters.
  if (marked.length === 0) return [];
  const { data } = viewerSchema.parse(await ask(graphqlUrl, 'POST', { query: 'query { viewer { login } }' }));
  return marked.filter(({ user }) => user?.login === data.viewer.login);
}
