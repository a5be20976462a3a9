import type { GitHub, PostedComment } from '../../core/ports.ts';
import type { GitHubClient } from '../github-client.ts';
import { statusOf } from './status-of.ts';

type Place = {
  readonly octokit: GitHubClient;
  readonly repository: { readonly owner: string; readonly repo: string };
};

const PAGE = 30;
const NOT_MODIFIED = 304;

/**
 * Reads the newest comments of a repository, newest first. Asked again it asks for what changed: an answer that nothing did is not counted
 * against the limit of the token,
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
 */
export function createCommentReader({ octokit, repository }: Place): GitHub['newestComments'] {
  let last: readonly PostedComment[] = [];
  let etag: string | undefined;
  return async (signal) => {
    try {
      const { data, headers } = await octokit.rest.issues.listCommentsForRepo({
        ...{ ...repository, sort: 'created', direction: 'desc', per_page: PAGE },
        // It is asked again soon in any case.
        request: { signal, retries: 0 },
        ...(etag !== undefined && { headers: { 'if-none-match': etag } }),
      });
      last = data.map(({ id, user, body, created_at: at }) => ({
        ...{ id, at, body: body ?? '' },
        // Whoever is gone from GitHub has no name, and may ask for nothing.
        user: user?.login ?? '',
      }));
      etag = headers.etag;
    } catch (thrown) {
      if (statusOf(thrown) !== NOT_MODIFIED) throw thrown;
    }
    return last;
  };
}
