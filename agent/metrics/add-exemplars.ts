import { join } from 'node:path';
import { z } from 'zod';
import { epochMs, instantSchema } from '../../core/instant.ts';
import type { AgentContext } from '../context.ts';
import { requestLogFile } from '../envoy/request-log.ts';
import { clusterName } from '../envoy/traffic-plan.ts';
import { readNewestLines } from '../machine/read-newest-lines.ts';
import type { ServedSample } from './table.ts';

/** Lines of the log that are looked at, the newest: a few ms of work. */
const MOST_LINES = 300;
/** Names and values of an exemplar have so many characters together at most (OpenMetrics 1.0, "Exemplars"). */
const MOST_CHARACTERS = 128;

/** A request that stands for those that took as long: who it was, how long it took, and when it began, both in s. */
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
 * trace. Requests that pinned a version are in the log, and in no bucket. The log is there with `--request-log-share` alone.
 */
export function addExemplars(
  { options }: Pick<AgentContext, 'options'>,
  samples: readonly ServedSample[],
): readonly ToldSample[] {
  if (options.requestLogShare === 0) return samples;
  const lines = readNewestLines(requestLogFile(join(options.dataDir, 'envoy')), MOST_LINES)
    .flatMap(readLine)
    .toReversed();
  let below = 0;
  return samples.map((sample): ToldSample => {
    const { model = '', version = '', le } = sample.labels;
    if (le === undefined) return sample;
    const from = below;
    const upTo = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    // Buckets stand in their order, and those of the next version begin anew.
    below = le === '+Inf' ? 0 : upTo;
    const cluster = clusterName(model, version);
    const found = lines.find((line) => line.version === cluster && isIn(line, from, upTo));
    return found === undefined ? sample : { ...sample, exemplar: tell(found) };
  });
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
    timestamp: epochMs(at) / 1_000,
  };
}

/** The first that has room; an id may be as long as all of it. */
function fitting(sets: readonly Readonly<Record<string, string>>[]): Exemplar['labelSet'] {
  const lengthOf = (set: Readonly<Record<string, string>>) => [...Object.entries(set).flat().join('')].length;
  return sets.find((set) => lengthOf(set) <= MOST_CHARACTERS) ?? {};
}
