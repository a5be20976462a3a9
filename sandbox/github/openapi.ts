import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { z } from 'zod';

/** The calls Trainyard makes to GitHub; a call absent here does not exist in the sandbox. */
const OPERATIONS = {
  getRepository: 'GET /repos/{owner}/{repo}',
  createDispatch: 'POST /repos/{owner}/{repo}/dispatches',
  getPermission: 'GET /repos/{owner}/{repo}/collaborators/{username}/permission',
  getContent: 'GET /repos/{owner}/{repo}/contents/{path}',
  putContent: 'PUT /repos/{owner}/{repo}/contents/{path}',
  createRef: 'POST /repos/{owner}/{repo}/git/refs',
  getRef: 'GET /repos/{owner}/{repo}/git/ref/{ref}',
  listScheduledRuns: 'GET /repos/{owner}/{repo}/actions/runs',
  getWorkflowRun: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
  listPendingDeployments: 'GET /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
  reviewPendingDeployments: 'POST /repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments',
  listActivities: 'GET /repos/{owner}/{repo}/activity',
  compareCommits: 'GET /repos/{owner}/{repo}/compare/{basehead}',
  listPullRequests: 'GET /repos/{owner}/{repo}/pulls',
  createPullRequest: 'POST /repos/{owner}/{repo}/pulls',
  getPullRequest: 'GET /repos/{owner}/{repo}/pulls/{pull_number}',
  // Before the issue of a number: "comments" is none.
  listRepositoryComments: 'GET /repos/{owner}/{repo}/issues/comments',
  listIssues: 'GET /repos/{owner}/{repo}/issues',
  createIssue: 'POST /repos/{owner}/{repo}/issues',
  getIssue: 'GET /repos/{owner}/{repo}/issues/{issue_number}',
  updateIssue: 'PATCH /repos/{owner}/{repo}/issues/{issue_number}',
  listComments: 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
  createComment: 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
  updateComment: 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
  createReaction: 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions',
  listDeployments: 'GET /repos/{owner}/{repo}/deployments',
  createDeployment: 'POST /repos/{owner}/{repo}/deployments',
  createCommitStatus: 'POST /repos/{owner}/{repo}/statuses/{sha}',
  createDeploymentStatus: 'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
} as const;
export type OperationName = keyof typeof OPERATIONS;

/** One operation of GitHub's published API, with its own schemas and example answers. */
export type ApiOperation = {
  readonly name: OperationName;
  readonly method: string;
  /** The path as GitHub writes it, `/repos/{owner}/…`. */
  readonly template: string;
  readonly path: RegExp;
  /** What is wrong with a request body by GitHub's schema; empty when nothing is. */
  readonly checkRequest: (body: unknown) => readonly string[];
  /** What is wrong with an answer of this status by GitHub's schema; a status it does not name is wrong too. */
  readonly checkResponse: (status: number, body: unknown) => readonly string[];
  /** GitHub's own example of an answer, to be filled with the sandbox's facts. */
  readonly example: Readonly<Record<string, unknown>>;
};

const contentSchema = z.object({
  'application/json': z
    .object({
      schema: z.record(z.string(), z.unknown()).optional(),
      examples: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
    })
    .optional(),
});
const operationSchema = z.object({
  requestBody: z.object({ content: contentSchema }).optional(),
  responses: z.record(z.string(), z.object({ content: contentSchema.optional() })),
});
const documentSchema = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
const jsonObject = z.record(z.string(), z.unknown());

let loaded: readonly ApiOperation[] | undefined;

/** Reads the operations from GitHub's OpenAPI document, once a process (about a second). */
export function loadOperations(): readonly ApiOperation[] {
  loaded ??= readOperations();
  return loaded;
}

function readOperations(): readonly ApiOperation[] {
  const file = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.deref.json');
  const { paths } = documentSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  addFormats.default(ajv);
  return Object.entries(OPERATIONS).map(([name, line]) => {
    const [method = '', template = ''] = line.split(' ');
    const described = operationSchema.parse(paths[template]?.[method.toLowerCase()]);
    return toOperation(isOperationName(name) ? name : 'getRepository', method, template, described, ajv);
  });
}

function toOperation(
  name: OperationName,
  method: string,
  template: string,
  described: z.infer<typeof operationSchema>,
  ajv: Ajv,
): ApiOperation {
  const request = lazily(() => described.requestBody?.content['application/json']?.schema, ajv);
  const responses = new Map(
    Object.entries(described.responses).map(([status, response]) => [
      Number(status),
      lazily(() => response.content?.['application/json']?.schema, ajv),
    ]),
  );
  const examples = ['200', '201'].flatMap((status) =>
    Object.values(described.responses[status]?.content?.['application/json']?.examples ?? {}),
  );
  const first = [examples[0]?.value].flat()[0];
  return {
    name,
    method,
    template,
    path: new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
    checkRequest: (body) => request(body),
    checkResponse: (status, body) =>
      responses.get(status)?.(body) ?? [`GitHub's schema knows no ${status} answer to ${method} ${template}`],
    example: jsonObject.safeParse(first).data ?? {},
  };
}

function lazily(
  schema: () => Readonly<Record<string, unknown>> | undefined,
  ajv: Ajv,
): (body: unknown) => readonly string[] {
  let validate: ValidateFunction | undefined;
  return (body) => {
    const found = schema();
    if (found === undefined) return [];
    // OpenAPI 3.0 says `nullable` where JSON Schema has a type of its own for null.
    validate ??= ajv.compile(jsonObject.parse(JSON.parse(JSON.stringify(found), spellNull)));
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      (error) => `${error.instancePath || '/'} ${error.message ?? 'is wrong'}`,
    );
  };
}

function spellNull(_key: string, value: unknown): unknown {
  const object = jsonObject.safeParse(value).data;
  if (object?.['nullable'] !== true) return value;
  const { nullable: _, ...schema } = object;
  return { anyOf: [schema, { type: 'null' }] };
}

function isOperationName(name: string): name is OperationName {
  return name in OPERATIONS;
}
