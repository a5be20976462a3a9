import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { systemClock } from '../../adapters/clock.ts';
import { createGitLedger } from '../../adapters/git/ledger.ts';
import { ok } from '../../core/result.ts';
import { KEYS, MODEL, oneMore } from './ledger-input.ts';

// A process of its own: its memory and its processor time, and those of the git commands it waits for, are one ledger's.

/** Clock ticks of /proc/<pid>/stat in a second, the same on every Linux that Node runs on. */
const TICKS = 100;

type Cost = { readonly own: number; readonly git: number };

const [remote = '', folder = ''] = process.argv.slice(2);
const author = { name: 'bench', email: 'bench@example.com' };
const open = (name: string) =>
  createGitLedger({ remote, clock: systemClock, author, keys: KEYS, dir: path.join(folder, name) });

const ledger = open('own');
const append = async (to: typeof ledger, number: number): Promise<void> => {
  const appended = await to.append(MODEL, () => ok([oneMore(number)]));
  if (!appended.ok) throw new Error(appended.error.message);
};

const firstRead = await cost(() => ledger.read(MODEL));
const megabytesRead = peakMegabytes();
const sameHead = await cost(() => ledger.read(MODEL));
await append(open('other'), 1);
const grownHead = await cost(() => ledger.read(MODEL));
const append2 = await cost(() => append(ledger, 2));
const firstAppend = await cost(() => append(open('fresh'), 3));
const { events } = await ledger.read(MODEL);
const measured = { events, firstRead, sameHead, grownHead, append: append2, firstAppend, megabytesRead };
process.stdout.write(`${JSON.stringify(measured)}\n`);

/** Processor seconds that something takes here and in git. */
async function cost(work: () => Promise<unknown>): Promise<Cost> {
  const before = processorSeconds();
  await work();
  const after = processorSeconds();
  return { own: after.own - before.own, git: after.git - before.git };
}

function processorSeconds(): Cost {
  const { user, system } = process.cpuUsage();
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // cutime and cstime: what ended children have used.
  return { own: (user + system) / 1e6, git: (Number(fields[13]) + Number(fields[14])) / TICKS };
}

function peakMegabytes(): number {
  return process.resourceUsage().maxRSS / 1_000;
}
