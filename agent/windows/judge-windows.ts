import { z } from 'zod';
import { DEFAULT_DRIFT_OPTIONS } from '../../core/drift/drift-options.ts';
import { DEFAULT_FAST_LANE_OPTIONS, judgeFastLane } from '../../core/drift/fast-lane.ts';
import { judgeDrift } from '../../core/drift/judge-drift.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { DISPATCH_TYPES } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import { report } from '../outbox/report.ts';
import { readProfile } from './read-profile.ts';

/** Verdicts are looked at anew this often within a drift cycle: a day's cycle hourly. */
const LOOKS_PER_CYCLE = 24;
/** Findings one report names. */
const REPORTED_FINDINGS = 10;

const stateSchema = z.object({
  /** Newest window that was judged, and when. */
  seq: z.number(),
  at: z.string(),
  /** What was reported last: `ok`, or the codes that stood. */
  reported: z.string(),
});

/** Judges the stable version's windows on this host, and reports to the repository when the state has changed; nothing else. */
export function judgeWindows(context: AgentContext): void {
  for (const [model, { traffic }] of Object.entries(context.store.traffic())) {
    if (traffic.stable !== undefined) judgeVersion(context, model, traffic.stable);
  }
}

function judgeVersion(context: AgentContext, model: string, version: string): void {
  const { store, clock, options } = context;
  const key = `drift/${model}/${version}`;
  const state = store.getMemory(key, stateSchema) ?? { seq: 0, at: '', reported: 'ok' };
  const newest = store.lastWindow(model);
  const now = clock.now();
  const sinceMs = state.at === '' ? Infinity : Date.parse(now) - Date.parse(state.at);
  const isDue = sinceMs >= (options.driftCycleSeconds * 1_000) / LOOKS_PER_CYCLE;
  if (newest === undefined || newest.seq <= state.seq || !isDue) return;
  const profile = readProfile(context, model, version);
  const windows = store.allWindows(model, version);
  const judged = profile === undefined ? undefined : judge(context, profile, windows);
  store.transaction(() => {
    if (judged !== undefined && judged.label !== state.reported) {
      report(context, DISPATCH_TYPES.drift, model, `${version}/${newest.seq}/${judged.label}`, {
        version,
        ...judged.body,
        windows: { from: windows[0]?.seq ?? 0, to: newest.seq },
      });
    }
    store.putMemory(key, { seq: newest.seq, at: now, reported: judged?.label ?? state.reported });
  });
}

type Judged = {
  readonly label: string;
  readonly body: Parameters<typeof report>[4];
};

/** `undefined` while there is too little to say: the last state stands. */
function judge(
  { options }: AgentContext,
  profile: ReferenceProfile,
  windows: readonly CaptureWindow[],
): Judged | undefined {
  const drift = judgeDrift(profile, windows, {
    ...DEFAULT_DRIFT_OPTIONS,
    tolerance: options.driftTolerance,
    cycleSeconds: options.driftCycleSeconds,
  });
  const fast = judgeFastLane(profile, windows, DEFAULT_FAST_LANE_OPTIONS);
  if (drift.verdict === 'inconclusive' && fast.verdict !== 'fail') return undefined;
  const failed = drift.verdict === 'fail' || fast.verdict === 'fail';
  const reasons = [...(drift.verdict === 'fail' ? drift.reasons : []), ...fast.findings];
  const codes = [...new Set(reasons.map(({ code, metric }) => `${code}:${metric}`))].toSorted();
  return {
    label: failed ? codes.join(' ') : 'ok',
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
