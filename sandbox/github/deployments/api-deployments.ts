import { z } from 'zod';
import {
  type Answer,
  type ApiContext,
  type Call,
  exampleOf,
  listPage,
  NOT_FOUND,
  unprocessable,
} from '../api-answers.ts';
import type { DeploymentRecord } from '../repository.ts';
import { representDeployment } from '../representations.ts';

const MAX_STATUS_DESCRIPTION_CHARACTERS = 140;

/** Deployments, newest first, of an environment, task or ref where one is asked for. */
export function listDeployments(context: ApiContext, { query }: Call): Answer {
  const example = exampleOf(context, 'createDeployment');
  const wanted = (name: 'environment' | 'task' | 'ref', deployment: DeploymentRecord) =>
    (query.get(name) ?? deployment[name]) === deployment[name];
  const matching = [...context.repository.deployments.values()].filter(
    (deployment) =>
      wanted('environment', deployment) && wanted('task', deployment) && wanted('ref', deployment),
  );
  return listPage(query, matching.toReversed(), (deployment) =>
    representDeployment(example, context.repository, deployment, context.addresses),
  );
}

/** Adds a deployment, under the conditions GitHub has. */
export function createDeployment(context: ApiContext, { body }: Call): Answer {
  const request = z
    .object({
      ref: z.string(),
      task: z.string().default('deploy'),
      environment: z.string().default('production'),
      description: z.string().nullish(),
      payload: z.unknown().optional(),
      auto_merge: z.boolean().default(true),
      required_contexts: z.array(z.string()).optional(),
    })
    .parse(body);
  const sha = context.resolveRef(request.ref);
  if (sha === undefined) return unprocessable('ref', `No ref found for: ${request.ref}`);
  // With GitHub's defaults a deployment of a side branch merges, or waits for checks: both answer 409.
  if (request.auto_merge || request.required_contexts === undefined) {
    return {
      status: 409,
      body: { message: 'Conflict: set auto_merge to false and required_contexts to []' },
    };
  }
  const deployment: DeploymentRecord = {
    id: context.repository.next(),
    ref: request.ref,
    sha,
    task: request.task,
    environment: request.environment,
    description: request.description ?? '',
    payload: request.payload ?? {},
    createdAt: new Date().toISOString(),
    statuses: [],
  };
  context.repository.deployments.set(deployment.id, deployment);
  const example = exampleOf(context, 'createDeployment');
  return {
    status: 201,
    body: representDeployment(example, context.repository, deployment, context.addresses),
  };
}

/** Adds a status to a deployment. */
export function createDeploymentStatus(context: ApiContext, { parameters, body }: Call): Answer {
  const deployment = context.repository.deployments.get(Number(parameters['deployment_id']));
  if (deployment === undefined) return NOT_FOUND;
  // GitHub's defaults for both addresses are empty, and what is shown then leads nowhere.
  const request = z
    .object({
      state: z.string(),
      description: z.string().default(''),
      log_url: z.string().default(''),
      environment_url: z.string().default(''),
    })
    .parse(body);
  const { state, description, log_url: logUrl, environment_url: environmentUrl } = request;
  if (description.length > MAX_STATUS_DESCRIPTION_CHARACTERS) {
    return unprocessable('description', `is longer than ${MAX_STATUS_DESCRIPTION_CHARACTERS} characters`);
  }
  const createdAt = new Date().toISOString();
  const status = { id: context.repository.next(), state, description, createdAt, logUrl, environmentUrl };
  deployment.statuses.push(status);
  const example = exampleOf(context, 'createDeploymentStatus');
  return {
    status: 201,
    body: {
      ...example,
      id: status.id,
      state,
      description,
      environment: deployment.environment,
      log_url: logUrl,
      environment_url: environmentUrl,
      created_at: status.createdAt,
    },
  };
}
