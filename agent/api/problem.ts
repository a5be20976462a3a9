import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { z } from 'zod';
import type { AgentProblem } from '../../core/serving/api.ts';
import { type Refusal, refuse } from './refusal.ts';

const TITLES: Readonly<Record<Refusal['status'], string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  422: 'Not acceptable to this host',
  428: 'Precondition required',
  503: 'Not available',
  507: 'No room',
};

/** A refusal as problem details (RFC 9457). */
export function toProblem({ status, code, message, remedy }: Refusal): AgentProblem {
  return {
    type: `urn:trainyard:problem:${code}`,
    title: TITLES[status],
    status,
    detail: message,
    code,
    remedy,
  };
}

/** Answers with problem details. */
export function answerProblem(context: Context, refusal: Refusal): Response {
  return context.json(toProblem(refusal), refusal.status, { 'content-type': 'application/problem+json' });
}

/** Thrown where a handler cannot go on; `onError` answers with what it carries. */
export function throwRefusal(refusal: Refusal): never {
  throw new HTTPException(refusal.status, { message: refusal.message, cause: refusal });
}

/** Parses a request body; a 400 names every field that is wrong. */
export async function readBody<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  let body: unknown;
  try {
    body = await context.req.json();
  } catch {
    return throwRefusal(refuse(400, 'body-invalid', 'The body is not JSON.', 'Send JSON.'));
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  return throwRefusal(refuse(400, 'body-invalid', issues.join('; '), 'See /openapi.json.'));
}
