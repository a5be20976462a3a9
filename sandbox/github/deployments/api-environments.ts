import { z } from 'zod';
import { type Answer, type ApiContext, type Call, exampleOf, unprocessable } from '../api-answers.ts';
import type { Repository } from '../repository.ts';
import { asObject, representUser } from '../representations.ts';

/** The environments that a run waits for, with those who may speak. */
export function listPendingDeployments(context: ApiContext, { parameters, user }: Call): Answer {
  const example = exampleOf(context, 'listPendingDeployments');
  const environment = asObject(example['environment']);
  const person = asObject([example['reviewers']].flat()[0])['reviewer'];
  const pending = context.gates.pendingOf(Number(parameters['run_id'])).map((name) => {
    const { id, reviewers } = context.repository.environments.get(name) ?? { id: 0, reviewers: [] };
    return {
      ...example,
      environment: { ...environment, id, name },
      wait_timer: 0,
      wait_timer_started_at: null,
      current_user_can_approve: reviewers.includes(user),
      reviewers: reviewers.map((login) => ({ type: 'User', reviewer: representUser(person, login) })),
    };
  });
  return { status: 200, body: pending };
}

/** Approves or rejects what a run waits for. */
export function reviewPendingDeployments(context: ApiContext, { parameters, body, user }: Call): Answer {
  const { environment_ids: ids, state } = z
    .object({ environment_ids: z.array(z.number()), state: z.enum(['approved', 'rejected']) })
    .parse(body);
  const named = namesOf(context.repository, ids);
  const reviewed = context.gates.review({
    run: Number(parameters['run_id']),
    environments: named,
    state,
    user,
  });
  if (!reviewed) return unprocessable('environment_ids', 'name nothing that waits for this person');
  const example = exampleOf(context, 'reviewPendingDeployments');
  return { status: 200, body: named.map((environment) => ({ ...example, environment })) };
}

function namesOf({ environments }: Repository, ids: readonly number[]): readonly string[] {
  return [...environments].filter(([, { id }]) => ids.includes(id)).map(([name]) => name);
}
