import { setFlagsFromString } from 'node:v8';
import { UserError } from '../core/errors.ts';
import { VERSION } from '../core/version.ts';
import { requireNode } from './machine/require-node.ts';
import { describeOptions } from './options/help.ts';
import { readOptions } from './options/options.ts';
import { takeSecrets } from './options/take-secrets.ts';

/**
 * The engine as a process wants it that mostly waits beside model servers: a young generation that does not grow, and the middle
 * of its three compilers as the highest. Set before the rest is loaded; a third of the memory is saved.
 */
const SMALL_ENGINE = ['--semi-space-growth-factor=1', '--no-opt', '--optimize-for-size'];

const COMMANDS = ['run', 'down', 'take-back'] as const;

/** Exit codes: 0 done, 2 the user's to mend, 1 ours. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(describeOptions());
    return 0;
  }
  if (argv.includes('--version')) {
    console.log(VERSION);
    return 0;
  }
  const [first, ...rest] = argv;
  const command = COMMANDS.find((known) => known === first);
  try {
    requireNode(process.versions.node, process.execPath);
    const isBrief = command === 'down' || command === 'take-back';
    const env = isBrief ? process.env : takeSecrets(process.env);
    for (const flag of SMALL_ENGINE) setFlagsFromString(flag);
    const { runAgent, takeDown } = await import(/* webpackMode: "eager" */ './run-agent.ts');
    if (command === 'take-back') {
      const { takeBackByHand } = await import(/* webpackMode: "eager" */ './by-hand.ts');
      console.log(await takeBackByHand(rest, env));
      return 0;
    }
    const options = readOptions(command === undefined ? argv : rest, env);
    if (command === 'down') console.log(await takeDown(options));
    else await runAgent(options, env);
    return 0;
  } catch (thrown) {
    console.error(thrown instanceof UserError ? thrown.message : thrown);
    return thrown instanceof UserError ? 2 : 1;
  }
}
// A step that is under way, the start of a version, say, would keep the process for minutes; the next agent goes on with it.
process.exit(await main(process.argv.slice(2)));
