import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { sendJson } from './json.ts';

/** A fault the sandbox plays on the next `times` requests that match: an answer, silence, or a cut connection. */
export const faultSchema = z.strictObject({
  /** Method to match; any when absent. */
  method: z.string().optional(),
  /** Part of the path to match; any when absent. */
  path: z.string().default(''),
  times: z.number().int().positive().default(1),
  answer: z.union([
    z.strictObject({
      status: z.number().int(),
      body: z.unknown().optional(),
      headers: z.record(z.string(), z.string()).optional(),
    }),
    z.enum(['timeout', 'drop', 'rate-limit', 'secondary-limit']),
  ]),
});
type Fault = z.infer<typeof faultSchema>;
type FaultInput = z.input<typeof faultSchema>;

/** Faults waiting to happen, first come, first served. */
export type FaultQueue = {
  readonly add: (fault: FaultInput) => void;
  /** Takes the fault for this request off the queue, if there is one. */
  readonly take: (method: string, path: string) => Fault['answer'] | undefined;
  readonly clear: () => void;
};

/** Makes an empty queue. */
export function createFaultQueue(): FaultQueue {
  const waiting: { fault: Fault; left: number }[] = [];
  return {
    add: (fault) => {
      const parsed = faultSchema.parse(fault);
      waiting.push({ fault: parsed, left: parsed.times });
    },
    take: (method, path) => {
      const entry = waiting.find(
        ({ fault }) => (fault.method ?? method) === method && path.includes(fault.path),
      );
      if (entry === undefined) return undefined;
      entry.left -= 1;
      if (entry.left === 0) waiting.splice(waiting.indexOf(entry), 1);
      return entry.fault.answer;
    },
    clear: () => {
      waiting.length = 0;
    },
  };
}

/** Plays a fault on this answer; gives the status that the client sees, 0 where it sees none. */
export function playFault(fault: Fault['answer'], response: ServerResponse): number {
  if (fault === 'drop') {
    response.destroy();
    return 0;
  }
  // Silence: the connection stays open until the client gives up.
  if (fault === 'timeout') return 0;
  if (fault === 'rate-limit') {
    return sendJson(
      response,
      403,
      { message: 'API rate limit exceeded' },
      {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.ceil(Date.now() / 1_000) + 1),
      },
    );
  }
  if (fault === 'secondary-limit') {
    const message =
      'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
    return sendJson(response, 429, { message }, { 'retry-after': '1' });
  }
  return sendJson(response, fault.status, fault.body ?? { message: 'sandbox fault' }, fault.headers ?? {});
}
