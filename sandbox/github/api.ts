import { z } from 'zod';
import type { PermissionLevel } from '../../core/permission.ts';
import { MAX_PAYLOAD_KEYS } from '../../core/serving/dispatch-payload.ts';
import {
  type Answer,
  type ApiContext,
  type Call,
  exampleOf,
  listPage,
  NO_ISSUES,
  NOT_FOUND,
  unprocessable,
} from './api-answers.ts';
import { compareCommits, getWorkflowRun, listActivities, listScheduledRuns } from './api-history.ts';
import { createDeployment, createDeploymentStatus, listDeployments } from './deployments/api-deployments.ts';
import { listPendingDeployments, reviewPendingDeployments } from './deployments/api-environments.ts';
import { createCommitStatus } from './deployments/api-statuses.ts';
import type { OperationName } from './openapi.ts';
import { blobOf, createRef, getRef, putContent } from './proposals/api-branches.ts';
import { createPullRequest, listPullRequests } from './proposals/api-pull-requests.ts';
import { addComment, addIssue, type Comment, commentsOf, type Issue } from './repository.ts';
import {
  type Json,
  representComment,
  representIssue,
  representPullRequest,
  representRepository,
  representUser,
} from './representations.ts';

/** GitHub's limits that the OpenAPI document does not state. */
const MAX_COMMENT_CHARACTERS = 65_536;
const MAX_DISPATCH_CHARACTERS = 65_535;
/** GitHub folds roles into four permissions; `role_name` keeps the exact one. */
const FOLDED_ROLES: ReadonlyMap<PermissionLevel, PermissionLevel> = new Map([
  ['maintain', 'write'],
  ['triage', 'read'],
]);

type Handler = (context: ApiContext, call: Call) => Answer;

/** Answers a call as GitHub would, from the repository's memory. */
export function answerCall(name: OperationName, context: ApiContext, call: Call): Answer {
  return HANDLERS[name](context, call);
}

const HANDLERS: Readonly<Record<OperationName, Handler>> = {
  getRepository: (context) => {
    // It is no fork, and no template's; GitHub's example is both.
    const {
      source: _,
      parent: __,
      template_repository: ___,
      ...example
    } = exampleOf(context, 'getRepository');
    const body = representRepository({ ...example, language: null }, context.repository, context.addresses);
    return { status: 200, body };
  },
  createDispatch,
  getPermission,
  getContent,
  putContent,
  createRef,
  getRef,
  listScheduledRuns,
  getWorkflowRun,
  listPendingDeployments,
  reviewPendingDeployments,
  listActivities,
  compareCommits,
  listPullRequests,
  createPullRequest,
  getPullRequest,
  listIssues: ({ repository, ...context }, { query }) => {
    if (!repository.hasIssues) return NO_ISSUES;
    const state = query.get('state') ?? 'open';
    const matching = [...repository.issues.values()]
      .filter((issue) => state === 'all' || issue.state === state)
      .toReversed();
    const example = exampleOf(context, 'createIssue');
    return listPage(query, matching, (issue) =>
      representIssue(example, repository, issue, context.addresses),
    );
  },
  createIssue: (context, { body, user }) => {
    if (!context.repository.hasIssues) return NO_ISSUES;
    const { title, body: text } = z.object({ title: z.string(), body: z.string().default('') }).parse(body);
    if (text.length > MAX_COMMENT_CHARACTERS) return unprocessable('body', 'is too long');
    const issue = addIssue(context.repository, { user, title, body: text });
    return { status: 201, body: describeIssue(context, issue) };
  },
  getIssue: (context, { parameters }) => {
    const issue = findIssue(context, parameters);
    if (isSwitchedOff(context, issue)) return NO_ISSUES;
    return issue === undefined ? NOT_FOUND : { status: 200, body: describeIssue(context, issue) };
  },
  updateIssue,
  listComments: (context, { parameters, query }) => {
    const issue = findIssue(context, parameters);
    if (isSwitchedOff(context, issue)) return NO_ISSUES;
    if (issue === undefined) return NOT_FOUND;
    const example = exampleOf(context, 'createComment');
    return listPage(query, commentsOf(context.repository, issue.number), (comment) =>
      representComment(example, context.repository, comment, context.addresses),
    );
  },
  listRepositoryComments: (context, { query }) => {
    const { repository, addresses } = context;
    const isShown = ({ issue }: Comment) => !isSwitchedOff(context, repository.issues.get(issue));
    const example = exampleOf(context, 'createComment');
    const oldestFirst = [...repository.comments.values()].filter(isShown);
    const isNewestFirst = query.has('sort') && query.get('direction') === 'desc';
    const comments = isNewestFirst ? oldestFirst.toReversed() : oldestFirst;
    return listPage(query, comments, (comment) => representComment(example, repository, comment, addresses));
  },
  createComment,
  updateComment,
  createReaction,
  listDeployments,
  createDeployment,
  createDeploymentStatus,
  createCommitStatus,
};

function createDispatch({ repository, onDispatch }: ApiContext, { body, user }: Call): Answer {
  const { event_type, client_payload } = z
    .object({ event_type: z.string(), client_payload: z.record(z.string(), z.unknown()).default({}) })
    .parse(body);
  if (Object.keys(client_payload).length > MAX_PAYLOAD_KEYS) {
    return unprocessable('client_payload', `has more than ${MAX_PAYLOAD_KEYS} properties`);
  }
  if (JSON.stringify(client_payload).length > MAX_DISPATCH_CHARACTERS) {
    return unprocessable('client_payload', 'is too large');
  }
  repository.dispatches.push({
    type: event_type,
    payload: client_payload,
    at: new Date().toISOString(),
  });
  onDispatch(event_type, client_payload, user);
  return { status: 204 };
}

function getPermission(context: ApiContext, { parameters }: Call): Answer {
  const user = parameters['username'] ?? '';
  const role = context.repository.people.get(user);
  if (role === undefined) return NOT_FOUND;
  const permission = FOLDED_ROLES.get(role) ?? role;
  const example = exampleOf(context, 'getPermission');
  return {
    status: 200,
    body: {
      ...example,
      permission,
      role_name: role,
      user: { ...representUser(example['user'], user), role_name: role },
    },
  };
}

function getContent(context: ApiContext, { parameters, query }: Call): Answer {
  const file = decodeURIComponent(parameters['path'] ?? '');
  const text = context.showFile(query.get('ref') ?? 'HEAD', file);
  if (text === undefined) return NOT_FOUND;
  const bytes = Buffer.from(text);
  return {
    status: 200,
    body: {
      ...exampleOf(context, 'getContent'),
      ...{ name: file.split('/').at(-1), path: file, size: bytes.length, sha: blobOf(text) },
      ...{ encoding: 'base64', content: bytes.toString('base64') },
    },
  };
}

function getPullRequest(context: ApiContext, { parameters }: Call): Answer {
  const issue = context.repository.issues.get(Number(parameters['pull_number']));
  if (issue?.head === undefined) return NOT_FOUND;
  const sha = context.resolveRef(`refs/pull/${issue.number}/head`) ?? issue.head.sha;
  const present = { ...issue, head: { ...issue.head, sha } };
  return {
    status: 200,
    body: representPullRequest(
      exampleOf(context, 'getPullRequest'),
      context.repository,
      present,
      context.addresses,
    ),
  };
}

function updateIssue(context: ApiContext, { parameters, body }: Call): Answer {
  const issue = findIssue(context, parameters);
  if (isSwitchedOff(context, issue)) return NO_ISSUES;
  if (issue === undefined) return NOT_FOUND;
  const change = z
    .object({
      title: z.string().optional(),
      body: z.string().optional(),
      state: z.enum(['open', 'closed']).optional(),
    })
    .parse(body);
  if ((change.body ?? '').length > MAX_COMMENT_CHARACTERS) return unprocessable('body', 'is too long');
  Object.assign(issue, change);
  return { status: 200, body: describeIssue(context, issue) };
}

function createComment(context: ApiContext, { parameters, body, user }: Call): Answer {
  const issue = findIssue(context, parameters);
  if (isSwitchedOff(context, issue)) return NO_ISSUES;
  if (issue === undefined) return NOT_FOUND;
  const text = z.object({ body: z.string() }).parse(body).body;
  if (text.length > MAX_COMMENT_CHARACTERS) return unprocessable('body', 'is too long');
  const comment = addComment(context.repository, issue.number, user, text);
  const example = exampleOf(context, 'createComment');
  return {
    status: 201,
    body: representComment(example, context.repository, comment, context.addresses),
  };
}

function updateComment(context: ApiContext, { parameters, body }: Call): Answer {
  const comment = context.repository.comments.get(Number(parameters['comment_id']));
  if (comment === undefined) return NOT_FOUND;
  const text = z.object({ body: z.string() }).parse(body).body;
  if (text.length > MAX_COMMENT_CHARACTERS) return unprocessable('body', 'is too long');
  comment.body = text;
  const example = exampleOf(context, 'createComment');
  return {
    status: 200,
    body: representComment(example, context.repository, comment, context.addresses),
  };
}

function createReaction(context: ApiContext, { parameters, body, user }: Call): Answer {
  const comment = context.repository.comments.get(Number(parameters['comment_id']));
  if (comment === undefined) return NOT_FOUND;
  const { content } = z.object({ content: z.string() }).parse(body);
  const known = comment.reactions.find((reaction) => reaction.user === user && reaction.content === content);
  const reaction = known ?? { id: context.repository.next(), user, content };
  if (known === undefined) comment.reactions.push(reaction);
  const example = exampleOf(context, 'createReaction');
  return {
    status: known === undefined ? 201 : 200,
    body: { ...example, id: reaction.id, content, user: representUser(example['user'], user) },
  };
}

function describeIssue(context: ApiContext, issue: Issue): Json {
  return representIssue(exampleOf(context, 'createIssue'), context.repository, issue, context.addresses);
}

/** Pull requests answer as before: their conversation is no issue's. */
function isSwitchedOff({ repository }: ApiContext, issue: Issue | undefined): boolean {
  return !repository.hasIssues && issue?.head === undefined;
}

function findIssue(context: ApiContext, parameters: Call['parameters']): Issue | undefined {
  return context.repository.issues.get(Number(parameters['issue_number']));
}
