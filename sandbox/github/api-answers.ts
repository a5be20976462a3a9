import type { GitRemote } from './git-remote.ts';
import type { JobGates } from './job-gates.ts';
import type { ApiOperation, OperationName } from './openapi.ts';
import type { Repository } from './repository.ts';
import { type Addresses, asObject, type Json } from './representations.ts';

/** One call, after its body passed GitHub's schema. */
export type Call = {
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** Login of the token's holder. */
  readonly user: string;
};
export type Answer = {
  readonly status: number;
  readonly body?: unknown;
  /** A list has a further page. */
  readonly more?: boolean;
  /** Where the caller is sent. */
  readonly location?: string;
};

/** How far a run of a workflow is, and how it ended. */
type RunState = {
  readonly status: 'queued' | 'running' | 'completed';
  readonly conclusion: 'success' | 'failure' | 'cancelled' | undefined;
};

/** What the API needs of the rest of the sandbox. */
export type ApiContext = {
  readonly repository: Repository;
  readonly addresses: Addresses;
  readonly operations: readonly ApiOperation[];
  readonly gates: JobGates;
  /** Commit a ref points at, or `undefined`. */
  readonly resolveRef: (ref: string) => string | undefined;
  /** The text of a file at a commit, or `undefined`. */
  readonly showFile: (sha: string, file: string) => string | undefined;
  /** Paths that differ between two commits, and whether the later one follows the earlier; `undefined` when one is not there. */
  readonly listChanges: GitRemote['changes'];
  readonly pointRef: GitRemote['pointRef'];
  /** Commits files on top of a branch. */
  readonly commit: GitRemote['commit'];
  /** How far a run of a workflow is; `undefined` where there is none of that id. */
  readonly showRun: (run: number) => RunState | undefined;
  /** A dispatch was accepted: workflows may start. */
  readonly onDispatch: (type: string, payload: unknown, user: string) => void;
};

/** GitHub's answer for whatever is not there. */
export const NOT_FOUND: Answer = {
  status: 404,
  body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
};

/** GitHub's answer where Issues are switched off. */
export const NO_ISSUES: Answer = {
  status: 410,
  body: {
    message: 'Issues are disabled for this repo',
    documentation_url: 'https://docs.github.com/v3/issues/',
    status: '410',
  },
};

/** GitHub's own example of what an operation answers. */
export function exampleOf({ operations }: Pick<ApiContext, 'operations'>, name: OperationName): Json {
  return asObject(operations.find((operation) => operation.name === name)?.example);
}

/** One page of a list, as the query asks for it. */
export function listPage<T>(
  query: URLSearchParams,
  items: readonly T[],
  represent: (item: T) => Json,
): Answer {
  const size = Math.min(Number(query.get('per_page') ?? 30), 100);
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  return {
    status: 200,
    body: items.slice(start, start + size).map(represent),
    more: items.length > start + size,
  };
}

/** GitHub's answer for a field it does not accept. */
export function unprocessable(field: string, message: string): Answer {
  return {
    status: 422,
    body: {
      message: `Validation Failed: ${field} ${message}`,
      documentation_url: 'https://docs.github.com/rest',
      errors: [{ resource: 'Sandbox', field, code: 'invalid', message: `${field} ${message}` }],
    },
  };
}
