import { UserError } from '../core/errors.ts';
import { describeOptions } from './option-specs.ts';
import { readOptions } from './options.ts';
import { runAgent, takeDown } from './run-agent.ts';

/** Exit codes: 0 done, 2 the user's to mend, 1 ours. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(describeOptions());
    return 0;
  }
  const [first, ...rest] = argv;
  const command = first === 'run' || first === 'down' ? first : undefined;
  try {
    const options = readOptions(command === undefined ? argv : rest, process.env);
    if (command === 'down') await takeDown(options);
    else await runAgent(options, process.env);
    return 0;
  } catch (thrown) {
    console.error(thrown instanceof UserError ? thrown.message : thrown);
    return thrown instanceof UserError ? 2 : 1;
  }
}
process.exitCode = await main(process.argv.slice(2));
