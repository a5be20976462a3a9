import type { Problem } from '../errors.ts';
import { epochMs, isAfter, isBefore, toInstant } from '../instant.ts';
import { countsIn, type JudgedFeature } from './judged-feature.ts';
import type { ReferenceProfile } from './profile.ts';
import { type CaptureWindow, hasTimes, mergeWindows } from './window.ts';

/** One closed stretch of whole cycles over all hosts, with enough rows to be judged. `counts` are by judged feature. */
export type Batch = {
  readonly from: string;
  readonly to: string;
  readonly rows: number;
  readonly counts: readonly (readonly number[])[];
};

/** See `gatherBatches`. */
export type Batches = {
  readonly closed: readonly Batch[];
  /** Rows counted since the last closed batch. */
  readonly openRows: number;
  readonly problems: readonly Problem[];
};

/** The profile that is counted into, and what of it is judged. */
type BatchReference = {
  readonly profile: ReferenceProfile;
  readonly judged: readonly JudgedFeature[];
};

type OpenBatch = { from: number; to: number; rows: number; counts: number[][] };

/**
 * Adds the windows of all hosts up, cycle by cycle (a day, usually), and joins cycles until they hold `minRows`. The last
 * cycle counts once `until` (by default the end of the last window) has reached its end.
 */
export function gatherBatches(
  { profile, judged }: BatchReference,
  windows: readonly CaptureWindow[],
  options: { readonly cycleSeconds: number; readonly minRows: number; readonly until?: string },
): Batches {
  const { usable, problems } = selectUsable(profile, judged, windows);
  const cycle = 1000 * options.cycleSeconds;
  const until = epochMs(options.until ?? latestEnd(usable));
  const closed: Batch[] = [];
  let open: OpenBatch | undefined;
  for (const [start, inCycle] of groupByCycle(usable, cycle)) {
    open ??= startBatch(start, judged);
    for (const window of inCycle) addWindow(open, window, judged);
    open.to = start + cycle;
    if (open.rows < options.minRows || open.to > until) continue;
    closed.push(closeBatch(open));
    open = undefined;
  }
  return { closed, openRows: open?.rows ?? 0, problems };
}

function groupByCycle(
  windows: readonly CaptureWindow[],
  cycle: number,
): ReadonlyMap<number, readonly CaptureWindow[]> {
  return Map.groupBy(windows, ({ from }) => Math.floor(epochMs(from) / cycle) * cycle);
}

function startBatch(from: number, judged: readonly JudgedFeature[]): OpenBatch {
  return { from, to: from, rows: 0, counts: judged.map(({ reference }) => reference.map(() => 0)) };
}

function addWindow(batch: OpenBatch, window: CaptureWindow, judged: readonly JudgedFeature[]): void {
  batch.rows += window.n;
  for (const [index, feature] of judged.entries()) {
    const sums = batch.counts[index];
    const counts = countsIn(window, feature);
    if (sums === undefined || counts?.length !== sums.length) continue;
    for (let bin = 0; bin < sums.length; bin += 1) sums[bin] = (sums[bin] ?? 0) + (counts[bin] ?? 0);
  }
}

function closeBatch({ from, to, rows, counts }: OpenBatch): Batch {
  return { from: toInstant(from), to: toInstant(to), rows, counts };
}

function latestEnd(windows: readonly CaptureWindow[]): string {
  return windows.reduce((latest, { to }) => (isAfter(to, latest) ? to : latest), '1970-01-01T00:00:00Z');
}

/** Windows of this profile's version whose numbers can be believed, each once, and what was wrong with the others. */
function selectUsable(
  profile: ReferenceProfile,
  judged: readonly JudgedFeature[],
  windows: readonly CaptureWindow[],
): { readonly usable: readonly CaptureWindow[]; readonly problems: readonly Problem[] } {
  const ours = windows.filter(({ model, version }) => model === profile.model && version === profile.version);
  const usable: CaptureWindow[] = [];
  const found = new Map<string, Problem>();
  const readable = ours.filter(hasTimes);
  for (const window of [...ours.filter((one) => !hasTimes(one)), ...mergeWindows(readable)]) {
    const problem = findWindowProblem(window, judged);
    if (problem !== undefined && !found.has(problem.code + window.hostId)) {
      found.set(problem.code + window.hostId, problem);
    }
    if (problem === undefined || problem.code === 'bins-differ') usable.push(window);
  }
  return { usable, problems: [...found.values(), ...findShrunk(readable)] };
}

function findWindowProblem(window: CaptureWindow, judged: readonly JudgedFeature[]): Problem | undefined {
  const name = `Window ${window.seq} of host ${window.host}`;
  if (!hasTimes(window) || isBefore(window.to, window.from)) {
    return {
      code: 'window-times',
      message: `${name} ends before it starts, or has a time that can't be read, and is left out.`,
      remedy: "Check the host's clock.",
    };
  }
  const histograms = judged.map((feature) => countsIn(window, feature));
  const isClean = [[window.n], ...histograms].every((counts) => counts?.every(isCount) ?? true);
  if (!isClean) {
    return {
      code: 'not-a-count',
      message: `${name} holds a count that is negative, fractional or no number, and is left out.`,
      remedy: 'Update the agent on that host, or look at what writes its capture files.',
    };
  }
  const strange = judged.find(({ reference }, index) => histograms[index]?.length !== reference.length);
  if (strange === undefined) return undefined;
  return {
    code: 'bins-differ',
    message: `${name} does not count "${strange.name}" in the bins of the reference profile; there it is left out.`,
    remedy: 'Deploy the package again, so that the host counts into the profile of the version it serves.',
  };
}

function findShrunk(windows: readonly CaptureWindow[]): readonly Problem[] {
  const fullest = new Map<string, CaptureWindow>();
  const shrunk = new Map<string, string>();
  for (const window of windows) {
    const name = `${window.hostId}\n${window.seq}`;
    const known = fullest.get(name);
    const isLater = known !== undefined && isAfter(window.to, known.to);
    const isEarlier = known !== undefined && isBefore(window.to, known.to);
    if ((isLater && window.n < known.n) || (isEarlier && window.n > known.n))
      shrunk.set(window.hostId, window.host);
    if (known === undefined || isLater) fullest.set(name, window);
  }
  return [...shrunk.values()].map((host) => ({
    code: 'counts-shrank',
    message: `Host ${host} reported a window twice, the second time with fewer rows: its counts were lost in between.`,
    remedy: 'Look for a restart of the model server on that host; the later snapshot is used.',
  }));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
