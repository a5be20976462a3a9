import { z } from 'zod';

/** Who may call, from the least up: `reader` looks, `labeler` sends labels too, `deployer` does everything. */
export const ROLES = ['reader', 'labeler', 'deployer'] as const;
export type Role = (typeof ROLES)[number];

/** The statuses that a request is refused with, and the title each has in its problem details (RFC 9457). */
export const PROBLEM_TITLES = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not a method of this path',
  408: 'Not all of it came',
  409: 'Conflict',
  412: 'Precondition failed',
  413: 'Too large',
  417: 'Not promised',
  422: 'Not acceptable to this host',
  428: 'Precondition required',
  431: 'Headers too large',
  500: 'Internal error',
  503: 'Not available',
  507: 'No room',
} as const;
export type ProblemStatus = keyof typeof PROBLEM_TITLES;

/** What the parser refuses before any route hears of a request, on all of them alike. */
export const UNREAD_PROBLEMS = {
  400: 'It is no request of HTTP/1.1.',
  408: 'Not all of it came in time.',
  417: 'It expects something else than 100-continue.',
  431: 'Its headers, or its address, are too large.',
} as const satisfies Partial<Record<ProblemStatus, string>>;

/** The statuses of what is not refused; 503 is a probe's. */
const DONE_STATUSES = [200, 201, 202, 204, 503] as const;
type DoneStatus = (typeof DONE_STATUSES)[number];

/** The largest JSON body that is read, in bytes: ten thousand labels have room in it. */
export const MAX_JSON_BYTES = 8 * 2 ** 20;

/** Meanings by status. */
type Meanings<Status extends number> = Readonly<Partial<Record<Status, string>>>;

/**
 * One route of the agent's API, as its server, its description, its client and its README know it. `Parameters` are those of the
 * path and of the query, `Body` is the request's JSON and `Answer` the response's, each `undefined` where there is none.
 */
export type Route<Parameters = unknown, Body = unknown, Answer = unknown> = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Parameters of the path stand in braces; all others are of the query. */
  readonly path: string;
  readonly summary: string;
  /** The least role that may call it; `undefined` for everyone. */
  readonly role: Role | undefined;
  readonly parameters: z.ZodType<Parameters>;
  /** Headers that it reads beside the token. */
  readonly headers?: readonly string[];
  readonly body: z.ZodType<Body>;
  /** The body is a file, and no JSON. */
  readonly upload?: true;
  readonly answer: z.ZodType<Answer>;
  /** Content type of the answer, where that is not JSON. */
  readonly media?: `text/${string}`;
  /** Another one, for who prefers it. */
  readonly otherMedia?: `application/${string}`;
  /** What its statuses mean when it is not refused. The first one of `DONE_STATUSES` is the usual one. */
  readonly done: Meanings<DoneStatus>;
  /** What it is refused for, beside the token, the parameters and the body. */
  readonly problems?: Meanings<ProblemStatus>;
};

/** A route, with the types that its schemas give it. */
export function route<P, B, A>(row: Route<P, B, A>): Route<P, B, A> {
  return row;
}

/** The schema where there is nothing: of a body that is not sent, of an answer without one. */
export const NOTHING: z.ZodType<undefined> = z.undefined();

/** The parameters of a route that has none. */
export const NO_PARAMETERS = z.object({});

/** The status of a route that did what it was asked for, unless it says another. */
export function usualStatus({ done }: Pick<Route, 'done'>): DoneStatus {
  return DONE_STATUSES.find((status) => done[status] !== undefined) ?? 200;
}

/** Every refusal a route may answer with, its own and those that follow from its role, its parameters and its body. */
export function problemsOf({ role, parameters, body, problems }: Route): Meanings<ProblemStatus> {
  const hasInput = parameters !== NO_PARAMETERS || body !== NOTHING;
  return {
    ...(hasInput && { 400: 'A parameter or the body is not as described here.' }),
    ...(role !== undefined && { 401: 'No known token came with it.' }),
    ...(role !== undefined && role !== ROLES[0] && { 403: `The token has a lower role than ${role}.` }),
    ...(body !== NOTHING && { 413: `The body is larger than ${MAX_JSON_BYTES} bytes.` }),
    ...problems,
    500: 'The agent failed at it; its log says why.',
  };
}
