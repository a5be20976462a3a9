import path from 'node:path';
import process from 'node:process';
import { STATE_DIR } from './checkout.ts';
import { readKillArguments, USAGE } from './kill/options.ts';
import { countMoments, formatMoment, formatSummary, formatUndisturbed } from './kill/report.ts';
import { runKills } from './kill/run-kills.ts';
import { formatCounts } from './test/counts.ts';

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
  const results = await runKills(
    { ...options, folder: path.join(STATE_DIR, 'kill'), signal: interrupt.signal },
    {
      measured: (manner, undisturbed) => console.log(formatUndisturbed(manner, undisturbed)),
      played: (result) => {
        done += 1;
        console.log(formatMoment(result, `${done} of ${total}`));
      },
    },
  );
  const counts = countMoments(results);
  console.log(`${formatSummary(results, options.seed)}\n${formatCounts(counts)}`);
  return counts.failed === 0 ? 0 : 1;
}
