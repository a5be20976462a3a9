import { z } from 'zod';
import {
  type Answer,
  type ApiContext,
  type Call,
  exampleOf,
  listPage,
  unprocessable,
} from '../api-answers.ts';
import { addIssue, type Issue } from '../repository.ts';
import { representPullRequest } from '../representations.ts';

type PullRequest = Issue & Required<Pick<Issue, 'head'>>;

/** The login of a job's own token. */
const ACTIONS = 'github-actions[bot]';

/** Pull requests, newest first; open ones unless the query says otherwise. */
export function listPullRequests(context: ApiContext, { query }: Call): Answer {
  const { repository, addresses } = context;
  const [state, head, base] = [query.get('state') ?? 'open', query.get('head'), query.get('base')];
  const matching = [...repository.issues.values()].filter(
    (issue): issue is PullRequest =>
      issue.head !== undefined &&
      (state === 'all' || issue.state === state) &&
      (head === null || head === labelOf(issue.head)) &&
      (base === null || base === (issue.head.base ?? repository.defaultBranch)),
  );
  const example = exampleOf(context, 'listPullRequests');
  return listPage(query, matching.toReversed(), (issue) =>
    representPullRequest(example, repository, issue, addresses),
  );
}

/** A pull request for a branch that is ahead of another and has no open one yet. Jobs may open some only where the settings say so. */
export function createPullRequest(context: ApiContext, { body, user }: Call): Answer {
  const { repository, addresses } = context;
  const wanted = z
    .object({ title: z.string(), head: z.string(), base: z.string(), body: z.string().default('') })
    .parse(body);
  if (user === ACTIONS && !repository.actionsMayOpenPullRequests) {
    const message = 'GitHub Actions is not permitted to create or approve pull requests.';
    return { status: 403, body: { message, documentation_url: 'https://docs.github.com/rest/pulls/pulls' } };
  }
  const [owner = ''] = repository.fullName.split('/');
  const branch = wanted.head.replace(`${owner}:`, '');
  const [sha, base] = [branch, wanted.base].map((name) => context.resolveRef(`refs/heads/${name}`));
  if (sha === undefined) return unprocessable('head', 'is invalid');
  if (base === undefined) return unprocessable('base', 'is invalid');
  const head = { repository: repository.fullName, branch, sha, base: wanted.base };
  const isOpen = ({ state, head: other }: Issue) =>
    state === 'open' && other?.branch === branch && (other.base ?? repository.defaultBranch) === wanted.base;
  if ([...repository.issues.values()].some(isOpen)) {
    return refused(`A pull request already exists for ${labelOf(head)}.`);
  }
  if (context.listChanges(sha, base)?.follows === true) {
    return refused(`No commits between ${wanted.base} and ${branch}`);
  }
  const issue = addIssue(repository, { user, title: wanted.title, body: wanted.body, head });
  context.pointRef(`refs/pull/${issue.number}/head`, sha);
  const example = exampleOf(context, 'createPullRequest');
  return { status: 201, body: representPullRequest(example, repository, { ...issue, head }, addresses) };
}

function labelOf({ repository, branch }: PullRequest['head']): string {
  return `${repository.split('/')[0]}:${branch}`;
}

function refused(message: string): Answer {
  const errors = [{ resource: 'PullRequest', code: 'custom', message }];
  const documentation_url = 'https://docs.github.com/rest/pulls/pulls#create-a-pull-request';
  return { status: 422, body: { message: 'Validation Failed', errors, documentation_url, status: '422' } };
}
