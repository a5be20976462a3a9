import type { Readable } from 'node:stream';
import { z } from 'zod';
import { messageOf, ServiceError } from '../../core/errors.ts';
import { instantSchema } from '../../core/instant.ts';
import { agentStateSchema, problemSchema } from '../../core/serving/api.ts';
import { locate } from '../../core/serving/locate.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { outlookSchema } from '../../core/serving/screen/outlook.ts';
import type { ScreenEvent } from '../../core/serving/screen/screen-routes.ts';
import { type HttpDependencies, requestStream } from './http.ts';

/** A stream ends after an hour by itself, in ms; with some more for its last events. */
const LONGEST_MS = 3_700_000;
/** Nothing at all for so long is a dead connection, in ms: an agent gives a sign of life every 15 s. */
const SILENT_MS = 40_000;

/** An event has so many characters at most, so that no host fills the memory of who watches it. */
const MOST_CHARACTERS = 20_000_000;

const eventSchema = z.object({
  at: instantSchema,
  state: agentStateSchema,
  outlooks: z.record(z.string(), outlookSchema),
});

/** What becomes of a stream. */
type StreamListener = {
  readonly onEvent: (event: ScreenEvent) => void;
  /** Something came, an event or a sign of life. */
  readonly onSign: () => void;
};

/** An agent, and the token to ask it with. */
export type WatchedAgent = {
  readonly url: string;
  readonly token: string;
  readonly dependencies: HttpDependencies;
};

/**
 * Listens to what an agent says of itself until the signal, or until it ends the stream. Rejects with a ServiceError that names the
 * endpoint where it can't be reached, refuses, or says nothing for 40 s: a stream that is silent is none.
 */
export async function followAgent(
  { url, token, dependencies }: WatchedAgent,
  { onEvent, onSign }: StreamListener,
  signal: AbortSignal,
): Promise<void> {
  const target = new URL(locate(ROUTES.events, {}), url);
  const endpoint = `GET ${target.origin}${target.pathname}`;
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENT_MS);
  const heard = () => {
    onSign();
    clearTimeout(timer);
    timer = setTimeout(() => silence.abort(), SILENT_MS);
  };
  const request = {
    ...{ url: target, attempts: 1, timeoutMs: LONGEST_MS, signal: AbortSignal.any([signal, silence.signal]) },
    headers: { authorization: `Bearer ${token}` },
    accept: () => true,
    remedy: `Check that the agent runs and that ${target.host} is reachable from here.`,
  };
  try {
    const read = (body: Readable) => readEvents(body, { onSign: heard, onEvent });
    const { status, body: rest } = await requestStream(request, read, dependencies);
    if (status !== 200) throw refusal(endpoint, status, rest);
  } catch (thrown) {
    if (signal.aborted) return;
    if (silence.signal.aborted) throw failure(endpoint, `It has said nothing for ${SILENT_MS / 1_000} s.`);
    throw thrown instanceof ServiceError ? thrown : failure(endpoint, messageOf(thrown));
  } finally {
    clearTimeout(timer);
  }
}

/** Gives what came after the last event. */
async function readEvents(body: Readable, { onSign, onEvent }: StreamListener): Promise<string> {
  let text = '';
  body.setEncoding('utf8');
  for await (const piece of body) {
    onSign();
    const blocks = `${text}${piece}`.split('\n\n');
    text = blocks.pop() ?? '';
    if (text.length > MOST_CHARACTERS) throw new Error('It sends an event without end.');
    for (const block of blocks) {
      const data = block.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) onEvent(eventSchema.parse(JSON.parse(data.slice('data: '.length))));
    }
  }
  return text;
}

function refusal(endpoint: string, status: number, text: string): ServiceError {
  const problem = problemSchema.safeParse(parse(text));
  if (!problem.success) return failure(endpoint, `It answered ${status}.`);
  const { code, detail, remedy } = problem.data;
  return new ServiceError({ code, message: detail, remedy, where: { kind: 'endpoint', endpoint } });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(endpoint: string, message: string): ServiceError {
  const remedy = 'Check that this is the address of a Trainyard agent, of the same version as this.';
  return new ServiceError({ code: 'agent-silent', message, remedy, where: { kind: 'endpoint', endpoint } });
}
