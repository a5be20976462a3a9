import { takeMachine } from '../machine.ts';
import type { Found, Tally, WorkerMessage } from './findings.ts';
import { addTallies, NOTHING_PLAYED } from './findings.ts';

/** Schedules between two signs of life. */
const TELL_EVERY = 20;
/** Findings that are shrunk: of more, only the count is told. */
const SHRUNK = 3;

// What plays a world takes the machine from its process, so everything that lives in it is loaded after that.
takeMachine();
const { drawSchedule } = await import('../schedule/draw-schedule.ts');
const { describe } = await import('../schedule/inject.ts');
const { play } = await import('../play.ts');
const { shrink } = await import('../schedule/shrink.ts');

// Nobody hears it any more.
process.once('disconnect', () => process.exit(1));

const [first = '0', count = '0', stride = '1', seconds = 'Infinity'] = process.argv.slice(2);
await playAll({
  from: Number(first),
  schedules: Number(count),
  step: Number(stride),
  seconds: Number(seconds),
});
process.removeAllListeners('disconnect');
process.disconnect?.();

type Part = {
  readonly from: number;
  readonly schedules: number;
  readonly step: number;
  /** None is begun later than so long after this process. */
  readonly seconds: number;
};

/** Plays so many seeds, every so-manieth, and tells of each that breaks something. */
async function playAll({ from, schedules, step, seconds }: Part): Promise<void> {
  let tally: Tally = NOTHING_PLAYED;
  let broken = 0;
  // The clocks of this process are the world's, but for this one.
  for (let index = 0; index < schedules && process.uptime() < seconds; index += 1) {
    const schedule = drawSchedule(from + index * step);
    const played = await play(schedule);
    const { steps, rollouts, pushes, races } = played;
    const injections = Object.fromEntries(
      Object.entries(Object.groupBy(schedule.injections, ({ kind }) => kind)).map(([kind, ones]) => [
        kind,
        ones.length,
      ]),
    );
    tally = addTallies(tally, { schedules: 1, steps, rollouts, pushes, races, injections });
    if (played.violation !== undefined) {
      broken += 1;
      const least = broken > SHRUNK ? { schedule, played } : await shrink(schedule, played);
      tell({ kind: 'found', found: describeFound(schedule, least) });
    }
    if (tally.schedules === TELL_EVERY) {
      tell({ kind: 'tally', tally });
      tally = NOTHING_PLAYED;
    }
  }
  tell({ kind: 'tally', tally });
}

function describeFound(
  schedule: ReturnType<typeof drawSchedule>,
  { schedule: least, played }: Awaited<ReturnType<typeof shrink>>,
): Found {
  const { violation = { invariant: '', breach: '', at: 0 }, trace } = played;
  return {
    ...{ seed: schedule.seed, ...violation, trace: [...trace] },
    injections: least.injections.map((injection) => `${Math.round(injection.at)} ms ${describe(injection)}`),
    before: schedule.injections.length,
    setup: JSON.stringify(least.setup),
  };
}

function tell(message: WorkerMessage): void {
  process.send?.(message);
}
