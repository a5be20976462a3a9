import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Found } from './findings.ts';
import { MUTATIONS } from './mutations.ts';
import { runWorkers } from './run-workers.ts';
import { type Bite, renderTeeth } from './teeth.ts';

type Options = {
  readonly schedules: number;
  readonly seed: number;
  readonly workers: number;
  /** The only fault that is put back, by name. */
  readonly mutation: string | undefined;
};

/**
 * Puts each fault back, one after the other, and tells which seed finds it, by which invariant, after how many schedules; also into the
 * page `table`, if there is one to be written. Gives the exit status: 0 when all were found.
 */
export async function runMutations(options: Options, table: string | undefined): Promise<number> {
  const wanted = MUTATIONS.filter(({ name }) => options.mutation === undefined || name === options.mutation);
  let missed = 0;
  for (const { name, fault, by } of wanted) {
    const found = await findMutation({ ...options, mutation: name }, by);
    if (found === undefined) missed += 1;
    const how =
      found === undefined
        ? `not found in ${options.schedules} schedules`
        : `found by ${found.invariant}, seed ${found.seed}, after ${found.seed - options.seed + 1} schedules: ${found.breach}`;
    process.stdout.write(`${name}: ${fault}\n  ${how}\n`);
    const bite: Bite | undefined = found && {
      name,
      invariant: found.invariant,
      seed: found.seed,
      schedules: found.seed - options.seed + 1,
    };
    if (table !== undefined && bite !== undefined) {
      const before = existsSync(table) ? readFileSync(table, 'utf8') : '';
      writeFileSync(table, renderTeeth(before, bite));
    }
  }
  return missed === 0 ? 0 : 1;
}

/** The first schedule that breaks something, or this invariant, with the fault, and nothing without it. */
async function findMutation(options: Options, by: string | undefined): Promise<Found | undefined> {
  let first = options.seed;
  const beyond = options.seed + options.schedules;
  while (first < beyond) {
    const found: Found[] = [];
    await runWorkers(
      { ...options, seed: first, schedules: beyond - first },
      {
        onFound: (one) => (by ?? one.invariant) === one.invariant && found.push(one),
        onTally: () => undefined,
        isEnough: () => found.length > 0,
      },
    );
    const [one] = found;
    if (one === undefined) return undefined;
    if (await isClean(one.seed)) return one;
    // The workers go through the seeds side by side: none before this one is left out but by a few.
    first = one.seed + 1;
  }
  return undefined;
}

async function isClean(seed: number): Promise<boolean> {
  const found: Found[] = [];
  const silent = {
    onFound: (one: Found) => found.push(one),
    onTally: () => undefined,
    isEnough: () => false,
  };
  await runWorkers({ seed, schedules: 1, workers: 1 }, silent);
  return found.length === 0;
}
