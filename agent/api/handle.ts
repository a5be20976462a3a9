import type { Context } from 'hono';
import type { z } from 'zod';
import { NOTHING, type Route, usualStatus } from '../../core/serving/route.ts';
import type { Agent } from '../agent.ts';
import { Refusal } from './refusal.ts';

/** A request that has been read as its route describes it. */
type Given<Parameters, Body> = {
  readonly parameters: Parameters;
  readonly body: Body;
  /** For headers, another status than the usual one, and a body that is no JSON. */
  readonly context: Context;
};

/** A route with what answers it; refusals are thrown. */
export type Handler = {
  readonly route: Route;
  readonly answer: (context: Context, agent: Agent) => Promise<Response>;
};

/** Joins a route with its work, which gives the answer or throws a Refusal. */
export function handle<P, B, A>(
  route: Route<P, B, A>,
  work: (given: Given<P, B>, agent: Agent) => A | Promise<A>,
): Handler {
  return {
    route,
    answer: async (context, agent) => {
      const parameters = readParameters(context, route.parameters);
      const body = await readBody(context, route.body);
      context.status(usualStatus(route));
      const answer = await work({ parameters, body, context }, agent);
      if (answer === undefined) return context.body(null);
      if (route.media === undefined) return context.json(answer);
      context.header('content-type', route.media);
      return context.body(String(answer));
    },
  };
}

function readParameters<T>(context: Context, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse({ ...context.req.query(), ...context.req.param() });
  if (parsed.success) return parsed.data;
  throw new Refusal({
    status: 400,
    code: 'parameter-invalid',
    message: describeIssues(parsed.error),
    remedy: 'See /openapi.json.',
  });
}

/** The same where the answer is there as JSON already. */
export function handleText<P, B>(
  route: Route<P, B>,
  work: (given: Given<P, B>, agent: Agent) => string,
): Handler {
  return {
    route,
    answer: async (context, agent) => {
      const parameters = readParameters(context, route.parameters);
      const body = await readBody(context, route.body);
      context.status(usualStatus(route));
      context.header('content-type', 'application/json');
      return context.body(work({ parameters, body, context }, agent));
    },
  };
}

/** A 400 names every field that is wrong. */
async function readBody<T>(context: Context, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(schema === NOTHING ? undefined : await readJson(context));
  if (parsed.success) return parsed.data;
  throw new Refusal({
    status: 400,
    code: 'body-invalid',
    message: describeIssues(parsed.error),
    remedy: 'See /openapi.json.',
  });
}

async function readJson(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch {
    throw new Refusal({
      status: 400,
      code: 'body-invalid',
      message: 'The body is not JSON.',
      remedy: 'Send JSON.',
    });
  }
}

function describeIssues({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
}
