import { z } from 'zod';
import { instantSchema, secondsBetween } from '../instant.ts';
import { SEVERITIES, type Severity } from './drift-options.ts';

/** A time of drift: the worst that was reported of it, and since when nothing of it is seen (ISO 8601). */
export const driftEpisodeSchema = z.object({
  severity: z.enum(SEVERITIES),
  codes: z.array(z.string()),
  quietSince: instantSchema.optional(),
});
export type DriftEpisode = z.infer<typeof driftEpisodeSchema>;

/** What is wrong at one look: nothing when there are no codes. */
export type DriftLook = { readonly severity: Severity; readonly codes: readonly string[] };

/** `episode` is what to remember; `report` says whether the repository should hear of this look. */
type DriftReport = { readonly report: boolean; readonly episode: DriftEpisode | undefined };

/**
 * Decides whether a look is news. Detectors begin anew after each alarm, so a model that has drifted comes and goes in their
 * eyes: it is news when drift begins, when it gets worse (another finding, or a higher severity), and when nothing was seen for
 * `quietSeconds`, which ends it.
 */
export function decideDriftReport(
  before: DriftEpisode | undefined,
  { severity, codes }: DriftLook,
  { now, quietSeconds }: { readonly now: string; readonly quietSeconds: number },
): DriftReport {
  if (codes.length === 0) return decideQuiet(before, now, quietSeconds);
  if (before === undefined) return { report: true, episode: { severity, codes: [...codes] } };
  const isHigher = SEVERITIES.indexOf(severity) > SEVERITIES.indexOf(before.severity);
  const added = codes.filter((code) => !before.codes.includes(code));
  return {
    report: isHigher || added.length > 0,
    episode: { severity: isHigher ? severity : before.severity, codes: [...before.codes, ...added] },
  };
}

function decideQuiet(before: DriftEpisode | undefined, now: string, quietSeconds: number): DriftReport {
  if (before === undefined) return { report: false, episode: undefined };
  const quietSince = before.quietSince ?? now;
  const isOver = secondsBetween(quietSince, now) >= quietSeconds;
  return { report: isOver, episode: isOver ? undefined : { ...before, quietSince } };
}
