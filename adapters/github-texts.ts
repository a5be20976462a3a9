import { ServiceError } from '../core/errors.ts';
import type { GitHub } from '../core/ports.ts';
import { COMMENT_CHARACTERS } from '../core/report/limits.ts';
import type { GitHubClient } from './github-client.ts';

const PAGE = 100;

/** Where texts are written, and with whose token. */
type Place = {
  readonly octokit: GitHubClient;
  readonly repository: { readonly owner: string; readonly repo: string };
};
type Own = { readonly marker: string; readonly readLogin: () => Promise<string> };
type Text = {
  readonly body?: string | null | undefined;
  readonly user?: { readonly login: string } | null;
};

/**
 * The comments and issues that are kept up to date in place. They are ours when the token's own account wrote them, and their marker
 * begins them: anybody can copy a marker, and an app can be brought to quote one. Of others nothing is changed.
 */
export function createTexts(place: Place): Pick<GitHub, 'upsertComment' | 'upsertIssue' | 'closeIssue'> {
  let login: string | undefined;
  const readLogin = async () => {
    login ??= await readOwnLogin(place);
    return login;
  };
  return {
    upsertComment: async (issue, marker, body) => {
      const { octokit, repository } = place;
      const existing = await findComment(place, issue, { marker, readLogin });
      const text = typeof body === 'string' ? body : body(existing?.body);
      const marked = requireFit(text.startsWith(marker) ? text : `${marker}\n${text}`, place);
      const { data } =
        existing === undefined
          ? await octokit.rest.issues.createComment({ ...repository, issue_number: issue, body: marked })
          : await octokit.rest.issues.updateComment({ ...repository, comment_id: existing.id, body: marked });
      return data.html_url;
    },
    upsertIssue: async (title, marker, body) => {
      const { octokit, repository } = place;
      const content = { ...repository, title, body: requireFit(`${marker}\n${body}`, place) };
      const existing = await findIssue(place, { marker, readLogin });
      if (existing === undefined) return (await octokit.rest.issues.create(content)).data.number;
      await octokit.rest.issues.update({ ...content, issue_number: existing });
      return existing;
    },
    closeIssue: async (marker, body) => {
      const existing = await findIssue(place, { marker, readLogin });
      if (existing === undefined) return;
      const text = requireFit(`${marker}\n${body}`, place);
      const change = { ...place.repository, issue_number: existing, body: text, state: 'closed' } as const;
      await place.octokit.rest.issues.update(change);
    },
  };
}

async function findComment({ octokit, repository }: Place, issue: number, own: Own) {
  const request = { ...repository, issue_number: issue, per_page: PAGE };
  for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listComments, request)) {
    for (const comment of data) if (await isOurs(comment, own)) return comment;
  }
  return undefined;
}

async function findIssue({ octokit, repository }: Place, own: Own): Promise<number | undefined> {
  const request = { ...repository, state: 'open' as const, per_page: PAGE };
  for await (const { data } of octokit.paginate.iterator(octokit.rest.issues.listForRepo, request)) {
    for (const issue of data) {
      if (issue.pull_request === undefined && (await isOurs(issue, own))) return issue.number;
    }
  }
  return undefined;
}

async function isOurs({ body, user }: Text, { marker, readLogin }: Own): Promise<boolean> {
  // Whose token it is is asked only where it matters: a first comment needs no further call.
  return body?.startsWith(marker) === true && user?.login === (await readLogin());
}

/** `GET /user` refuses the token of a job, and that of any app; this tells `github-actions[bot]` of the former. */
async function readOwnLogin({ octokit }: Place): Promise<string> {
  const { viewer } = await octokit.graphql<{ readonly viewer: { readonly login: string } }>(
    'query { viewer { login } }',
  );
  return viewer.login;
}

/** Reports are made to fit. Cutting one here would leave a table or a fold open, and lose the mark that ends a section. */
function requireFit(text: string, { repository }: Place): string {
  if (text.length <= COMMENT_CHARACTERS) return text;
  throw new ServiceError({
    code: 'github-refused',
    message: `A comment of ${text.length} characters is longer than the ${COMMENT_CHARACTERS} that GitHub takes.`,
    remedy: 'Shorten what others have written into it, or delete it: it is written anew.',
    where: { kind: 'endpoint', endpoint: `/repos/${repository.owner}/${repository.repo}/issues` },
  });
}
