import { createRequire } from 'node:module';
import { z } from 'zod';
import type { Comment, Issue, Repository } from './repository.ts';
import {
  type Addresses,
  asObject,
  type Json,
  representIssue,
  representRepository,
  representUser,
} from './representations.ts';

/** An event GitHub would start workflows for, with its payload. */
export type TriggerEvent = {
  readonly name: 'push' | 'issue_comment' | 'repository_dispatch' | 'workflow_dispatch' | 'schedule';
  /** The event's activity type, or the `event_type` of a dispatch. */
  readonly type?: string;
  /** Branch that was pushed. */
  readonly branch?: string;
  /** Commit the run is for. */
  readonly sha: string;
  readonly actor: string;
  readonly payload: Json;
};

type Surroundings = { readonly repository: Repository; readonly addresses: Addresses };

const examplesSchema = z.array(
  z.object({ name: z.string(), examples: z.array(z.record(z.string(), z.unknown())) }),
);

/** GitHub's recorded payload of an event, as the shape that ours are filled into. */
export function exampleOf(name: string): Json {
  const examples = examplesSchema.parse(createRequire(import.meta.url)('@octokit/webhooks-examples'));
  return examples.find((entry) => entry.name === name)?.examples[0] ?? {};
}

/** A push of one commit to a branch. */
export function pushEvent(
  at: Surroundings,
  push: {
    readonly branch: string;
    readonly before: string | undefined;
    readonly sha: string;
    readonly actor: string;
    readonly message: string;
  },
): TriggerEvent {
  const example = exampleOf('push');
  const commit = {
    id: push.sha,
    tree_id: push.sha,
    distinct: true,
    message: push.message,
    timestamp: new Date().toISOString(),
    url: `${at.addresses.web}/${at.repository.fullName}/commit/${push.sha}`,
    author: { name: push.actor, email: `${push.actor}@example.test`, username: push.actor },
    committer: { name: push.actor, email: `${push.actor}@example.test`, username: push.actor },
  };
  return {
    name: 'push',
    branch: push.branch,
    sha: push.sha,
    actor: push.actor,
    payload: {
      ...common(example, at, push.actor),
      ref: `refs/heads/${push.branch}`,
      before: push.before ?? '0'.repeat(40),
      after: push.sha,
      created: push.before === undefined,
      deleted: false,
      forced: false,
      commits: [commit],
      head_commit: commit,
      pusher: { name: push.actor, email: `${push.actor}@example.test` },
    },
  };
}

/** A new comment on an issue or pull request. */
export function commentEvent(
  at: Surroundings,
  request: { readonly issue: Issue; readonly comment: Comment; readonly sha: string },
): TriggerEvent {
  const example = exampleOf('issue_comment');
  const { issue, comment, sha } = request;
  const sampleComment = asObject(example['comment']);
  return {
    name: 'issue_comment',
    type: 'created',
    sha,
    actor: comment.user,
    payload: {
      ...common(example, at, comment.user),
      action: 'created',
      issue: representIssue(asObject(example['issue']), at.repository, issue, at.addresses),
      comment: {
        ...sampleComment,
        id: comment.id,
        body: comment.body,
        user: representUser(sampleComment['user'], comment.user),
        html_url: `${at.addresses.web}/${at.repository.fullName}/pull/${issue.number}#issuecomment-${comment.id}`,
        created_at: comment.createdAt,
        updated_at: comment.createdAt,
        author_association: 'NONE',
      },
    },
  };
}

/** A `repository_dispatch`. */
export function dispatchEvent(
  at: Surroundings,
  dispatch: {
    readonly type: string;
    readonly payload: unknown;
    readonly sha: string;
    readonly actor: string;
  },
): TriggerEvent {
  const { organization: _, installation: __, ...example } = exampleOf('repository_dispatch');
  return {
    name: 'repository_dispatch',
    type: dispatch.type,
    sha: dispatch.sha,
    actor: dispatch.actor,
    payload: {
      ...common(example, at, dispatch.actor),
      action: dispatch.type,
      branch: at.repository.defaultBranch,
      client_payload: dispatch.payload,
    },
  };
}

/** A run started by hand. */
export function manualEvent(
  at: Surroundings,
  request: {
    readonly workflow: string;
    readonly inputs: Readonly<Record<string, string>>;
    readonly sha: string;
    readonly actor: string;
  },
): TriggerEvent {
  const { organization: _, ...example } = exampleOf('workflow_dispatch');
  return {
    name: 'workflow_dispatch',
    sha: request.sha,
    actor: request.actor,
    payload: {
      ...common(example, at, request.actor),
      inputs: request.inputs,
      ref: `refs/heads/${at.repository.defaultBranch}`,
      workflow: request.workflow,
    },
  };
}

/** A tick of the cron; GitHub promises little more than the cron line. */
export function scheduleEvent(
  at: Surroundings,
  tick: { readonly cron: string; readonly sha: string },
): TriggerEvent {
  return {
    name: 'schedule',
    sha: tick.sha,
    actor: 'github-actions[bot]',
    payload: {
      schedule: tick.cron,
      repository: representRepository(exampleOf('push')['repository'], at.repository, at.addresses),
    },
  };
}

function common(example: Json, { repository, addresses }: Surroundings, sender: string): Json {
  return {
    ...example,
    repository: representRepository(example['repository'], repository, addresses),
    sender: representUser(example['sender'], sender),
  };
}
