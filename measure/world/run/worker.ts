import { takeMachine } from '../machine.ts';
import type { Found, Tally, WorkerMessage } from './findings.ts';
import { NOTHING_PLAYED } from './findings.ts';

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

const [first = '0', count = '0', stride = '1'] = process.argv.slice(2);
await playAll(Number(first), Number(count), Number(stride));
process.removeAllListeners('disconnect');
process.disconnect?.();

/** Plays so many seeds, every so-manieth, and tells of each that breaks something. */
async function playAll(from: number, schedules: number, step: number): Promise<void> {
  let tally: Tally = NOTHING_PLAYED;
  let broken = 0;
  for (let index = 0; index < schedules; index += 1) {
    const schedule = drawSchedule(from + index * step);
    const played = await play(schedule);
    tally = {
      schedules: tally.schedules + 1,
      steps: tally.steps + played.steps,
      rollouts: tally.rollouts + played.rollouts,
      pushes: tally.pushes + played.pushes,
      injections: tally.injections + schedule.injections.length,
    };
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
