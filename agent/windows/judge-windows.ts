import { z } from 'zod';
import {
  type DriftLook,
  decideDriftReport,
  driftEpisodeSchema,
} from '../../core/drift/decide-drift-report.ts';
import { DEFAULT_DRIFT_OPTIONS } from '../../core/drift/drift-options.ts';
import { type DriftSeen, driftSeenSchema, summarizeDrift } from '../../core/drift/drift-seen.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../core/drift/fast-lane.ts';
import type { FollowedDrift } from '../../core/drift/follow-drift.ts';
import { type DriftJudgement, goOnWithDrift } from '../../core/drift/judge-drift.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { lastWeeks } from '../../core/drift/windows/last-weeks.ts';
import { secondsBetween } from '../../core/instant.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import { breathe } from '../machine/breathe.ts';
import { report } from '../outbox/report.ts';
import { readProfile } from './read-version.ts';
import { readWindows } from './read-windows.ts';

/** Verdicts are looked at anew this often within a drift cycle: a day's cycle hourly. */
const LOOKS_PER_CYCLE = 24;
/** Drift is over when nothing of it was seen for so many cycles: its detectors need as long to see it again. */
const QUIET_CYCLES = 7;
/** Windows by which drift is followed further in one go: each takes a millisecond, and a year has some hundred. */
const PIECE = 12;
/** Findings one report names. */
const REPORTED_FINDINGS = 10;

const stateSchema = z.object({
  /** Newest window that was judged, and when. */
  seq: z.number(),
  at: z.string(),
  /** The drift the repository knows of, while it is not over. */
  episode: driftEpisodeSchema.optional(),
  /** What was seen, for people. */
  seen: driftSeenSchema.optional(),
});

/**
 * How far drift of each model's stable version was followed, and from which of its windows on; lost with the process and followed again
 * from the windows.
 */
export type DriftCache = Map<
  string,
  { readonly version: string; readonly first: number | undefined; readonly followed: FollowedDrift }
>;

/** What was seen when a version was last judged here; `undefined` before that. */
export function readDriftSeen(
  { store }: Pick<AgentContext, 'store'>,
  model: string,
  version: string,
): DriftSeen | undefined {
  return store.getMemory(keyOf(model, version), stateSchema)?.seen;
}

/** Judges the stable version's windows on this host, and tells the repository what is news; nothing else. */
export async function judgeWindows(context: AgentContext, cache: DriftCache): Promise<void> {
  for (const [model, { traffic }] of Object.entries(context.store.traffic())) {
    if (traffic.stable !== undefined) await judgeVersion(context, cache, { model, version: traffic.stable });
  }
}

async function judgeVersion(
  context: AgentContext,
  cache: DriftCache,
  { model, version }: Pick<CaptureWindow, 'model' | 'version'>,
): Promise<void> {
  const { store, clock, options } = context;
  const key = keyOf(model, version);
  const state = store.getMemory(key, stateSchema) ?? { seq: 0, at: '' };
  const newest = store.windows.newest(model);
  const now = clock.now();
  const seconds = state.at === '' ? Infinity : secondsBetween(state.at, now);
  const isDue = seconds >= options.driftCycleSeconds / LOOKS_PER_CYCLE;
  if (newest === undefined || newest.seq <= state.seq || !isDue) return;
  const profile = readProfile(context, model, version);
  const windows = await readWindows(context, model, version);
  const judged = profile === undefined ? undefined : await judge(context, cache, { profile, windows });
  store.transaction(() => {
    const quietSeconds = QUIET_CYCLES * options.driftCycleSeconds;
    const look = judged?.look;
    const decided = look && decideDriftReport(state.episode, look, { now, quietSeconds });
    if (decided?.report) {
      report(
        context,
        { type: DISPATCH_TYPES.drift, model, step: `${version}/${newest.seq}` },
        {
          version,
          ...judged?.body,
          windows: { from: windows[0]?.seq ?? 0, to: newest.seq },
        },
      );
    }
    const episode = decided === undefined ? state.episode : decided.episode;
    const seen = judged?.seen;
    store.putMemory(key, { seq: newest.seq, at: now, ...(episode && { episode }), ...(seen && { seen }) });
  });
}

function keyOf(model: string, version: string): string {
  return `drift/${model}/${version}`;
}

type Judged = {
  /** `undefined` while there is too little to say: the last state stands. */
  readonly look: DriftLook | undefined;
  readonly body: Parameters<typeof report>[2];
  readonly seen: DriftSeen;
};

/** What a version was profiled on, and what it was asked here. */
type Served = { readonly profile: ReferenceProfile; readonly windows: readonly CaptureWindow[] };

async function judge(context: AgentContext, cache: DriftCache, served: Served): Promise<Judged> {
  const drift = await followBitByBit(context, cache, served);
  await breathe();
  const recent = lastWeeks(served.windows, context.clock.now());
  const fast = judgeFastLane(served.profile, recent, DEFAULT_FAST_LANE_OPTIONS);
  const isTooLittle = drift.verdict === 'inconclusive' && fast.verdict !== 'fail';
  const failed = drift.verdict === 'fail' || fast.verdict === 'fail';
  const reasons = [...(drift.verdict === 'fail' ? drift.reasons : []), ...fast.findings];
  const codes = [...new Set(reasons.map(({ code, metric }) => `${code}:${metric}`))].toSorted();
  return {
    look: isTooLittle ? undefined : { severity: drift.severity, codes },
    seen: summarizeDrift(drift, fast, { at: context.clock.now(), tolerance: context.options.driftTolerance }),
    body: {
      verdict: failed ? 'fail' : 'pass',
      severity: drift.severity,
      explanation: [drift.explanation, ...fast.findings.map(({ message }) => message)]
        .join(' ')
        .slice(0, 4_000),
      reasons: reasons
        .slice(0, REPORTED_FINDINGS)
        .map(({ code, metric, message }) => ({ code, metric, message })),
    },
  };
}

/** Equal to `judgeDrift`; what is not known yet of a version is followed piece by piece. */
async function followBitByBit(
  { options }: AgentContext,
  cache: DriftCache,
  { profile, windows }: Served,
): Promise<DriftJudgement> {
  const settings = {
    ...DEFAULT_DRIFT_OPTIONS,
    tolerance: options.driftTolerance,
    cycleSeconds: options.driftCycleSeconds,
    falseAlarmSeconds: options.driftFalseAlarmSeconds,
  };
  const { model, version } = profile;
  const known = cache.get(model);
  const first = windows[0]?.seq;
  const isKnown = known?.version === version && known.first === first;
  let followed = isKnown ? known.followed : undefined;
  for (let end = PIECE; !isKnown && end < windows.length; end += PIECE) {
    ({ followed } = goOnWithDrift(profile, windows.slice(0, end), settings, followed));
    await breathe();
  }
  const all = goOnWithDrift(profile, windows, settings, followed);
  cache.set(model, { version, first, followed: all.followed });
  return all.judgement;
}
