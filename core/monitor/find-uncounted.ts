import { formatCount } from '../report/format-number.ts';
import type { Finding } from './finding.ts';
import type { MonitorInput } from './monitor-input.ts';

/** Fewer answers show nothing. */
const LEAST_ANSWERS = 200;
/** A request has a row at least. The counts of both sides end at different moments, and some requests are pinned: those are not counted. */
const LEAST_SHARE = 0.5;

/**
 * Hosts that answer for the champion and do not count it. What is judged there is judged on nothing, which looks as if all were well.
 * Nothing is counted for a champion without a profile.
 */
export function findUncounted({ hosts, unjudged }: MonitorInput): readonly Finding[] {
  if (unjudged !== undefined) return [];
  return hosts.flatMap(({ host, counting }) => {
    if (counting === undefined) return [];
    const { answered, counted } = counting;
    if (answered < LEAST_ANSWERS || counted >= answered * LEAST_SHARE) return [];
    const message =
      `Host ${host} answered ${formatCount(answered)} requests with the champion and counted ${formatCount(counted)} predictions of it: ` +
      'drift, broken answers and labels are not judged by what it serves. The log of its model server says why ("a prediction could not be counted").';
    const reason = { code: 'uncounted', metric: host, message, observed: counted, limit: answered };
    return [{ wants: 'investigate', reason }];
  });
}
