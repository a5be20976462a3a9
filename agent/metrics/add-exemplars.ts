import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../../core/errors.ts';
import { epochMs, instantSchema } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { requestLogFile } from '../envoy/request-log.ts';
import { clusterName } from '../envoy/traffic-plan.ts';
import { readNewestLines } from '../machine/read-newest-lines.ts';
import type { ServedSample } from './table.ts';

/** Lines of the log that are looked at, the newest: a few ms of work. */
const MOST_LINES = 300;
/** Several times what so many lines are. */
const MOST_BYTES = 2 ** 20;
/** Names and values of an exemplar have so many characters together at most (OpenMetrics 1.0, "Exemplars"). */
const MOST_CHARACTERS = 128;

/** Where it was said that requests can't be read: once, until they can. */
const failing = new WeakSet<AgentContext['log']>();

/** A request that stands for those that took as long: who it was, how long it took, and when that was known, at its end, both in s. */
type Exemplar = {
  readonly labelSet: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timestamp: number;
};
/** A sample with the request that stands for it, where one is known. */
type ToldSample = ServedSample & { readonly exemplar?: Exemplar };

const lineSchema = z.object({
  at: instantSchema,
  request: z.string().min(1),
  trace: z.string().nullish(),
  version: z.string(),
  milliseconds: z.number().nonnegative(),
});
type Line = z.infer<typeof lineSchema>;

/**
 * Buckets of a histogram of latencies, each with the last request of the log that lies in it: by its id, which the answer carried, and its
 * trace. Requests that pinned a version are in the log, and in no bucket. The log is there with `--request-log-share` alone; where it can't be read there are no
 * exemplars, and the agent's log says so.
 */
export function addExemplars(
  context: Pick<AgentContext, 'options' | 'log'>,
  samples: readonly ServedSample[],
): readonly ToldSample[] {
  if (context.options.requestLogShare === 0) return samples;
  const newestFirst = readLog(context).flatMap(readLine).toReversed();
  const byVersion = Map.groupBy(newestFirst, (line) => line.version);
  let below = 0;
  return samples.map((sample): ToldSample => {
    const { model = '', version = '', le } = sample.labels;
    if (le === undefined) return sample;
    const from = below;
    const upTo = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    // Buckets stand in their order, and those of the next version begin anew.
    below = le === '+Inf' ? 0 : upTo;
    const lines = byVersion.get(clusterName(model, version));
    const found = lines?.find((line) => isIn(line, from, upTo));
    return found === undefined ? sample : { ...sample, exemplar: tell(found) };
  });
}

function readLog({ options, log }: Pick<AgentContext, 'options' | 'log'>): readonly string[] {
  const file = requestLogFile(join(options.dataDir, 'envoy'));
  try {
    const lines = readNewestLines(file, MOST_LINES, MOST_BYTES);
    failing.delete(log);
    return lines;
  } catch (thrown) {
    if (!failing.has(log))
      log.warn(`Metrics have no exemplars: ${file} can't be read (${messageOf(thrown)}).`);
    failing.add(log);
    return [];
  }
}

function readLine(text: string): readonly Line[] {
  try {
    return [lineSchema.parse(JSON.parse(text))];
  } catch {
    return [];
  }
}

function isIn({ milliseconds }: Line, from: number, upTo: number): boolean {
  const seconds = milliseconds / 1_000;
  return (seconds > from || from === 0) && seconds <= upTo;
}

function tell({ at, request, trace, milliseconds }: Line): Exemplar {
  // `00-<trace id>-<parent id>-<flags>` (W3C Trace Context).
  const traceId = /^[\da-f]{2}-(?<id>[\da-f]{32})-/.exec(trace ?? '')?.groups?.['id'];
  const both = { request_id: request, ...(traceId !== undefined && { trace_id: traceId }) };
  return {
    labelSet: fitting([
      both,
      { request_id: request },
      { ...(traceId !== undefined && { trace_id: traceId }) },
    ]),
    value: milliseconds / 1_000,
    timestamp: (epochMs(at) + milliseconds) / 1_000,
  };
}

/** The first that has room; an id may be as long as all of it. */
function fitting(sets: readonly Readonly<Record<string, string>>[]): Exemplar['labelSet'] {
  const lengthOf = (set: Readonly<Record<string, string>>) => [...Object.entries(set).flat().join('')].length;
  return sets.find((set) => lengthOf(set) <= MOST_CHARACTERS) ?? {};
}
