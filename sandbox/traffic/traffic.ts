import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { REQUEST_ID_HEADER, VERSION_HEADER } from '../../core/names.ts';
import type { Digit } from './digits.ts';

const REQUEST_TIMEOUT_MS = 60_000;
/** Requests that wait for an answer at once. */
const MAX_OPEN = 8;
const answerSchema = z.object({ predictions: z.array(z.array(z.number())) });

/** What one request came to. `id` is the one it was sent with, `version` what the answer's header says. */
type Answered = {
  readonly id: string;
  readonly status: number;
  readonly version: string | undefined;
  readonly digits: number;
  readonly correct: number;
  readonly message?: string;
};

/** Requests of one version, or of all. */
type Tally = { requests: number; failed: number; digits: number; correct: number };

/** Steady requests of a client, counted as the client sees them. */
export type SteadyTraffic = {
  /** Counts since the last `reset`, by version; failures without a version count under `none`. */
  readonly byVersion: ReadonlyMap<string, Tally>;
  /** The failed answers since the last `reset`, the first hundred. */
  readonly failures: readonly Answered[];
  readonly total: () => Tally;
  readonly reset: () => void;
  /** From now on requests carry these digits. */
  readonly use: (digits: readonly Digit[]) => void;
  /** From now on so many digits go into one request, in turn. */
  readonly setSizes: (sizes: readonly number[]) => void;
  readonly stop: () => Promise<void>;
};

/** Sends digits to the data plane at a steady rate until stopped; a slow server is asked less, as a pool of clients would. */
export function startTraffic(options: {
  readonly dataPlane: string;
  readonly model: string;
  readonly perSecond: number;
  readonly digits: readonly Digit[];
}): SteadyTraffic {
  const byVersion = new Map<string, Tally>();
  const failures: Answered[] = [];
  const open = new Set<Promise<void>>();
  let { digits } = options;
  let sizes: readonly number[] = [1];
  let next = 0;
  let running = true;
  const record = (answered: Answered): void => {
    count(byVersion, answered);
    if (answered.status !== 200 && failures.length < 100) failures.push(answered);
  };
  const take = (): readonly Digit[] => {
    const size = sizes[next % sizes.length] ?? 1;
    const taken = Array.from({ length: size }, (_, i) => digits[(next + i) % digits.length]).filter(
      isDefined,
    );
    next += size;
    return taken;
  };
  const loop = async (): Promise<void> => {
    const interval = 1_000 / options.perSecond;
    for (let due = performance.now(); running; due += interval) {
      await sleep(Math.max(0, due - performance.now()));
      while (open.size >= MAX_OPEN) await Promise.race(open);
      due = Math.max(due, performance.now() - interval);
      const sent = predict(options.dataPlane, options.model, take()).then(record);
      open.add(sent);
      sent.finally(() => open.delete(sent));
    }
  };
  const looping = loop();
  return {
    byVersion,
    failures,
    total: () => sum([...byVersion.values()]),
    reset: () => {
      byVersion.clear();
      failures.length = 0;
    },
    use: (others) => {
      digits = others;
    },
    setSizes: (others) => {
      sizes = others;
    },
    stop: async () => {
      running = false;
      await looping;
      await Promise.all(open);
    },
  };
}

/** Asks for the predictions of some digits; whatever goes wrong is an answer too. */
export async function predict(dataPlane: string, model: string, digits: readonly Digit[]): Promise<Answered> {
  const [id, size] = [randomUUID(), digits.length];
  try {
    const response = await fetch(`${dataPlane}/predictions/${model}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [REQUEST_ID_HEADER]: id },
      body: JSON.stringify({ inputs: digits.map(({ image }) => image) }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    const version = response.headers.get(VERSION_HEADER) ?? undefined;
    if (!response.ok)
      return { id, status: response.status, version, digits: size, correct: 0, message: text };
    const { predictions } = answerSchema.parse(JSON.parse(text));
    const correct = digits.filter(({ label }, i) => indexOfLargest(predictions[i] ?? []) === label).length;
    return { id, status: response.status, version, digits: size, correct };
  } catch (error) {
    return { id, status: 0, version: undefined, digits: size, correct: 0, message: String(error) };
  }
}

/** Share of digits read right, from 0 to 1. */
export function accuracyOf({ correct, digits }: Tally): number {
  return digits === 0 ? 0 : correct / digits;
}

function count(byVersion: Map<string, Tally>, answered: Answered): void {
  const key = answered.version ?? 'none';
  const tally = byVersion.get(key) ?? { requests: 0, failed: 0, digits: 0, correct: 0 };
  tally.requests += 1;
  tally.failed += answered.status === 200 ? 0 : 1;
  tally.digits += answered.status === 200 ? answered.digits : 0;
  tally.correct += answered.correct;
  byVersion.set(key, tally);
}

function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (left, right) => ({
      requests: left.requests + right.requests,
      failed: left.failed + right.failed,
      digits: left.digits + right.digits,
      correct: left.correct + right.correct,
    }),
    { requests: 0, failed: 0, digits: 0, correct: 0 },
  );
}

function indexOfLargest(scores: readonly number[]): number {
  return scores.reduce((best, score, index) => (score > (scores[best] ?? -Infinity) ? index : best), 0);
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
