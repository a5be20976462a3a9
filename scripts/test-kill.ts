import path from 'node:path';
import process from 'node:process';
import { formatCounts } from '../measure/counts.ts';
import { readKillArguments, USAGE } from '../measure/kill/options.ts';
import { countMoments, formatMoment, formatSummary, formatUndisturbed } from '../measure/kill/report.ts';
import { runKills } from '../measure/kill/run-kills.ts';
import type { LaneListener } from '../measure/kill/run-lane.ts';
import { STATE_DIR } from '../sandbox/checkout.ts';

/** As a shell has it for a program that SIGINT ended. */
const INTERRUPTED = 130;

process.exit(await main(process.argv.slice(2)));

async function main(argv: readonly string[]): Promise<number> {
  const options = readKillArguments(argv);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return argv.includes('--help') ? 0 : 2;
  }
  const interrupt = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupt.abort());
  const total = options.only === undefined ? options.moments : 1;
  let done = 0;
  const listener: LaneListener = {
    measured: (manner, undisturbed) => console.log(formatUndisturbed(manner, undisturbed)),
    played: (result) => {
      done += 1;
      console.log(formatMoment(result, `${done} of ${total}`));
    },
  };
  const request = { ...options, folder: path.join(STATE_DIR, 'kill'), signal: interrupt.signal };
  const results = await runKills(request, listener).catch((thrown: unknown) => {
    if (interrupt.signal.aborted) return undefined;
    throw thrown;
  });
  if (results === undefined) {
    console.log(`Broken off after ${done} of ${total} moments.`);
    return INTERRUPTED;
  }
  const counts = countMoments(results);
  console.log(`${formatSummary(results, options.seed)}\n${formatCounts(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}
