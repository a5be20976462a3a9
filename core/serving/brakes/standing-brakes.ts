import { isBefore } from '../../instant.ts';
import type { Brake, SetTraffic, Traffic } from '../api.ts';
import { isForHarm } from './harm-brake.ts';

/** So many brakes of a model are remembered by a host: more versions are not tried at a time. */
const REMEMBERED_BRAKES = 20;

/**
 * The brakes for harm that stand on a host once it has this order, oldest first. Each stands until a person has spoken for its version:
 * after the brake, and for another rollout than the one that was braked.
 */
export function standingBrakes(
  before: Pick<Traffic, 'brake' | 'braked'> | undefined,
  { words = [] }: Pick<SetTraffic, 'words'>,
): readonly Brake[] {
  const { brake, braked = [] } = before ?? {};
  const isNew = brake !== undefined && isForHarm(brake) && !braked.some((one) => isSame(one, brake));
  const all = isNew ? [...braked, brake] : braked;
  const isLifted = (one: Brake) =>
    words.some(
      ({ version, rollout, at }) =>
        version === one.version && rollout !== one.rollout && !isBefore(at, one.at),
    );
  return all.filter((one) => !isLifted(one)).slice(-REMEMBERED_BRAKES);
}

/** A brake that is on is remembered with the first order after it. */
function isSame(one: Brake, other: Brake): boolean {
  return one.rollout === other.rollout && one.version === other.version && one.at === other.at;
}
