import type { Octokit } from '@octokit/core';
import type { PaginateInterface } from '@octokit/plugin-paginate-rest';
import type { Api } from '@octokit/plugin-rest-endpoint-methods';

/** An Octokit with the endpoints and the pages of the REST API. It retries, and keeps the pauses that GitHub asks for. */
export type GitHubClient = Octokit & Api & { readonly paginate: PaginateInterface };
