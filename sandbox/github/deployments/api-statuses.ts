import { z } from 'zod';
import { type Answer, type ApiContext, type Call, exampleOf, unprocessable } from '../api-answers.ts';

/** GitHub's limit that the OpenAPI document does not state. */
const MAX_DESCRIPTION_CHARACTERS = 140;

/** Adds a status to a commit. */
export function createCommitStatus(context: ApiContext, { parameters, body }: Call): Answer {
  const sha = parameters['sha'] ?? '';
  if (context.resolveRef(sha) === undefined) return unprocessable('sha', 'is no commit of this repository');
  const { state, description, target_url, ...rest } = z
    .object({
      state: z.string(),
      description: z.string().default(''),
      context: z.string().default('default'),
      target_url: z.string().nullish(),
    })
    .parse(body);
  if (description.length > MAX_DESCRIPTION_CHARACTERS) {
    return unprocessable('description', `is longer than ${MAX_DESCRIPTION_CHARACTERS} characters`);
  }
  const id = context.repository.next();
  const targetUrl = target_url ?? null;
  context.repository.statuses.push({ id, sha, state, description, targetUrl, context: rest.context });
  const example = exampleOf(context, 'createCommitStatus');
  return {
    status: 201,
    body: { ...example, id, state, description, context: rest.context, target_url: targetUrl },
  };
}
