import type { Context } from 'hono';
import type { AgentProblem } from '../../core/serving/api.ts';
import { PROBLEM_TITLES } from '../../core/serving/route.ts';
import type { Refusal } from './refusal.ts';

/** Answers with problem details (RFC 9457). */
export function answerProblem(context: Context, { status, code, message, remedy }: Refusal): Response {
  const problem: AgentProblem = {
    type: `urn:trainyard:problem:${code}`,
    title: PROBLEM_TITLES[status],
    status,
    detail: message,
    code,
    remedy,
  };
  return context.json(problem, status, { 'content-type': 'application/problem+json' });
}
