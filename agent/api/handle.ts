import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { z } from 'zod';
import { MAX_JSON_BYTES, NOTHING, type Route, usualStatus } from '../../core/serving/route.ts';
import type { Agent } from '../agent.ts';
import type { ApiCall, Body } from '../http/call.ts';
import { prefers } from '../http/prefers.ts';
import { breathe } from '../machine/breathe.ts';
import { Refusal } from './refusal.ts';

/** Less is not worth packing, in characters, or in bytes where it is bytes. */
const LEAST_PACKED = 16_384;
/** Bytes made of text in one go. */
const ENCODED_AT_ONCE = 262_144;

const gzipped = promisify(gzip);

/** A refusal names so many fields at most. */
const MAX_ISSUES = 20;

/** A request that has been read as its route describes it. */
type Given<Parameters, Json> = {
  readonly parameters: Parameters;
  readonly body: Json;
  /** For headers, another status than the usual one, and a body that is no JSON. */
  readonly call: ApiCall;
};

/**
 * A route with what answers it; refusals are thrown. An answer that goes on asks `isStillAllowed` before each part: the token that the request
 * bore may have been dropped since.
 */
export type Handler = {
  readonly route: Route;
  readonly answer: (call: ApiCall, agent: Agent, isStillAllowed: () => boolean) => Promise<Body>;
};

/** Joins a route with its work, which gives the answer or throws a Refusal. */
export function handle<P, B, A>(
  route: Route<P, B, A>,
  work: (given: Given<P, B>, agent: Agent) => A | Promise<A>,
): Handler {
  return {
    route,
    answer: async (call, agent) => {
      const parameters = readParameters(call, route.parameters);
      const body = await readBody(call, route.body);
      call.answer.status = usualStatus(route);
      const answer = await work({ parameters, body, call }, agent);
      if (answer === undefined) return undefined;
      if (route.media === undefined) return answerJson(call, JSON.stringify(answer));
      call.answer.headers['content-type'] = route.media;
      return String(answer);
    },
  };
}

function readParameters<T>({ query, parameters }: ApiCall, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse({ ...query, ...parameters });
  if (parsed.success) return parsed.data;
  throw new Refusal({
    status: 400,
    code: 'parameter-invalid',
    message: describeIssues(parsed.error),
    remedy: 'See /openapi.json.',
  });
}

/** The same where the answer is there as JSON already, in one or in many parts. */
export function handleText<P, B>(
  route: Route<P, B>,
  work: (given: Given<P, B>, agent: Agent) => string | Promise<readonly string[]>,
): Handler {
  return {
    route,
    answer: async (call, agent) => {
      const parameters = readParameters(call, route.parameters);
      const body = await readBody(call, route.body);
      call.answer.status = usualStatus(route);
      const json = await work({ parameters, body, call }, agent);
      return answerJson(call, typeof json === 'string' ? json : await encode(json));
    },
  };
}

/** Megabytes of text take tens of ms to be made one, and then bytes: each part is made bytes for itself, and bytes are fast to join. */
async function encode(parts: readonly string[]): Promise<Uint8Array> {
  const encoded: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    const bytes = Buffer.from(part);
    encoded.push(bytes);
    length += bytes.length;
    if (length < ENCODED_AT_ONCE) continue;
    length = 0;
    await breathe();
  }
  return Buffer.concat(encoded);
}

/** Packed where it is much and the client takes that: of counts a fifth is left, and there may be megabytes of them. */
async function answerJson(
  { header, answer: { headers } }: ApiCall,
  json: string | Uint8Array,
): Promise<Body> {
  Object.assign(headers, { 'content-type': 'application/json', vary: 'accept-encoding' });
  if (json.length < LEAST_PACKED || !prefers(header('accept-encoding'), 'gzip', 'identity')) return json;
  const packed = await gzipped(json);
  // Only now: a refusal keeps the headers.
  headers['content-encoding'] = 'gzip';
  return packed;
}

/** A 400 names the fields that are wrong. */
async function readBody<T>(call: ApiCall, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(schema === NOTHING ? undefined : await readJson(call));
  if (parsed.success) return parsed.data;
  throw new Refusal({
    status: 400,
    code: 'body-invalid',
    message: describeIssues(parsed.error),
    remedy: 'See /openapi.json.',
  });
}

async function readJson({ body, header }: ApiCall): Promise<unknown> {
  const text = await readText(body, Number(header('content-length') ?? 0));
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal({
      status: 400,
      code: 'body-invalid',
      message: 'The body is not JSON.',
      remedy: 'Send JSON.',
    });
  }
}

/** What is said to be too large is not begun; what becomes so is left where it does. */
async function readText(body: ApiCall['body'], announced: number): Promise<string> {
  if (announced > MAX_JSON_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_JSON_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): Refusal {
  return new Refusal({
    status: 413,
    code: 'body-too-large',
    message: `The body is larger than ${MAX_JSON_BYTES} bytes.`,
    remedy: 'Send it in parts.',
  });
}

function describeIssues({ issues }: z.ZodError): string {
  const told = issues.slice(0, MAX_ISSUES);
  const text = told.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; ');
  return told.length === issues.length ? text : `${text}; and ${issues.length - told.length} more`;
}
