import { type PlayedSchedule, play } from '../play.ts';
import type { Injection, WorldSchedule } from './setup.ts';

/** A schedule that breaks an invariant, with what it needs for that and no more, and how it went. */
type Shrunk = { readonly schedule: WorldSchedule; readonly played: PlayedSchedule };

/** Leaves out injections, many at once at first, for as long as the same invariant is broken by what is left. */
export async function shrink(schedule: WorldSchedule, played: PlayedSchedule): Promise<Shrunk> {
  let best: Shrunk = { schedule, played };
  for (let size = Math.ceil(schedule.injections.length / 2); size >= 1; size = size === 1 ? 0 : size >> 1) {
    for (let from = 0; from < best.schedule.injections.length; ) {
      const fewer = without(best.schedule, from, size);
      const replayed = await play(fewer);
      const isSame = replayed.violation?.invariant === played.violation?.invariant;
      if (isSame) best = { schedule: fewer, played: replayed };
      else from += size;
    }
  }
  return best;
}

function without({ injections, ...rest }: WorldSchedule, from: number, size: number): WorldSchedule {
  const kept: readonly Injection[] = injections.filter((_, index) => index < from || index >= from + size);
  return { ...rest, injections: kept };
}
