import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ROOT } from '../../../sandbox/checkout.ts';
import { writeCounts } from '../../counts.ts';
import { addTallies, type Found, NOTHING_PLAYED, renderFound, renderTally, type Tally } from './findings.ts';
import { runMutations } from './run-mutations.ts';
import { runWorkers } from './run-workers.ts';
import { seedOf } from './seed-of.ts';

/** How the world is started. */
export const WORLD_HELP = `npm run simulate -- world [--schedules N] [--seed S] [--known K] [--minutes M] [--workers W] [--replay SEED] [--mutation NAME] [--mutations [--table FILE]]

Plays schedules of faults and commands against the real flows, agents and ledger, and looks after every step whether what must hold holds.

  --schedules N    how many schedules (2000)
  --seed S         the first seed; each schedule has the next (drawn by chance, and printed); "commit": made of what is checked out
  --known K        plays the first K seeds before these (0)
  --minutes M      begins no schedule later than so long after the start
  --workers W      processes (one per processor)
  --replay SEED    plays one seed, leaves out of it what is not needed, and shows each step
  --mutation NAME  puts a fault back: ${'`'}--mutations${'`'} shows their names
  --mutations      puts each fault back in turn, until it is found or the schedules are used up
  --table FILE     writes what came of --mutations into this page, beside what it has of others
  --report FILE    writes how many schedules held and how many did not, as JSON
`;

const DEFAULT_SCHEDULES = 2_000;
/** Seeds that are drawn by chance are below this. */
const MOST_SEEDS = 1_000_000_000;
/** Findings that are shown whole; of more there is only the count by invariant. */
const SHOWN = 3;
/** Seeds that are named at the end, of each invariant. */
const NAMED = 20;

type Options = Parameters<typeof runMutations>[0];

/** Runs the world from its command line. Gives the exit status: 0 when nothing was broken, or every fault was found. */
export async function runWorld(argv: readonly string[]): Promise<number> {
  endWithParent();
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...{ schedules: { type: 'string' }, seed: { type: 'string' }, workers: { type: 'string' } },
      ...{ known: { type: 'string' }, minutes: { type: 'string' } },
      ...{ replay: { type: 'string' }, mutation: { type: 'string' }, report: { type: 'string' } },
      ...{ table: { type: 'string' }, mutations: { type: 'boolean' }, help: { type: 'boolean' } },
    },
  });
  if (values.help === true) {
    process.stdout.write(WORLD_HELP);
    return 0;
  }
  const options: Options = {
    schedules: Number(values.replay === undefined ? (values.schedules ?? DEFAULT_SCHEDULES) : 1),
    seed: values.seed === 'commit' ? seedOf(readTree()) : Number(values.replay ?? values.seed ?? drawSeed()),
    workers: values.replay === undefined ? Number(values.workers ?? availableParallelism()) : 1,
    mutation: values.mutation,
  };
  if (values.mutations === true) return runMutations(options, values.table);
  const known = Number(values.known ?? 0);
  const seconds = values.minutes === undefined ? undefined : 60 * Number(values.minutes);
  const batches: readonly Batch[] = [
    ...(known > 0 ? [{ ...options, seed: 1, schedules: known }] : []),
    { ...options, seconds },
  ];
  const found: Found[] = [];
  let tally = NOTHING_PLAYED;
  for (const batch of batches) tally = addTallies(tally, await runBatch(batch, found));
  process.stdout.write(`${renderEnd(found, tally)}\n`);
  if (values.report !== undefined) {
    const failed = found.length;
    writeCounts(values.report, { passed: tally.schedules - failed, failed, skipped: 0 });
  }
  return found.length === 0 ? 0 : 1;
}

/** Whoever began this with a channel is gone once that is closed, and nobody reads what comes of it. */
function endWithParent(): void {
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}

function drawSeed(): number {
  return Math.floor(Math.random() * MOST_SEEDS);
}

/** What git calls all files of the commit that is checked out. */
function readTree(): string {
  return execFileSync('git', ['rev-parse', 'HEAD^{tree}'], { cwd: ROOT, encoding: 'utf8' });
}

type Batch = Parameters<typeof runWorkers>[0];

/** Plays a batch and adds what breaks something to `found`. */
async function runBatch(batch: Batch, found: Found[]): Promise<Tally> {
  const { schedules, seed, workers } = batch;
  process.stdout.write(`${schedules} schedules from seed ${seed} on, in ${workers} processes\n`);
  let toldAt = 0;
  return runWorkers(batch, {
    onFound: (one) => {
      found.push(one);
      if (found.length <= SHOWN) process.stdout.write(`\n${renderFound(one)}\n\n`);
    },
    onTally: (sum) => {
      if (sum.schedules - toldAt < schedules / 20) return;
      toldAt = sum.schedules;
      process.stdout.write(`  ${sum.schedules} of ${schedules} schedules, ${found.length} broken\n`);
    },
    isEnough: () => false,
  });
}

function renderEnd(found: readonly Found[], tally: Tally): string {
  const names = [...new Set(found.map(({ invariant }) => invariant))].toSorted();
  const rows = names.map((name) => {
    const seeds = found.filter(({ invariant }) => invariant === name).map(({ seed }) => seed);
    const replays = seeds.slice(0, NAMED).map((seed) => `\n    npm run simulate -- world --replay ${seed}`);
    const more = seeds.length > NAMED ? `\n    and ${seeds.length - NAMED} more` : '';
    return `  ${name}: ${seeds.length}${replays.join('')}${more}`;
  });
  return [...rows, renderTally(tally), `${found.length} violations`].join('\n');
}
