import { setFlagsFromString } from 'node:v8';
import { UserError } from '../core/errors.ts';
import { plainLines } from '../core/report/plain-text.ts';
import { VERSION } from '../core/version.ts';
import { requireNode } from './machine/require-node.ts';
import type { AgentEnvironment } from './open-context.ts';
import { describeOptions } from './options/help.ts';
import { readOptions } from './options/options.ts';
import { takeSecrets } from './options/take-secrets.ts';

/**
 * The engine as a process wants it that mostly waits beside model servers: a young generation that does not grow, and the middle
 * of its three compilers as the highest. Set before the rest is loaded; a third of the memory is saved. So small a generation is
 * gone through by one thread: to wake others for it takes 7 % more processor time than they save.
 */
const SMALL_ENGINE = [
  '--semi-space-growth-factor=1',
  '--no-opt',
  '--optimize-for-size',
  '--no-parallel-scavenge',
];

/** What a person at the host asks for: the lines that answer it, those that say how to go on, and the exit code. */
type Said = { readonly lines: readonly string[]; readonly notes?: readonly string[]; readonly code: number };
type ByHand = (argv: readonly string[], env: AgentEnvironment) => Promise<Said>;

/** Beside `run` and `down`. None of them lives long enough for its environment to be read. */
const BY_HAND: Readonly<Record<string, ByHand>> = {
  check: async (argv, env) => {
    const { checkHere } = await import(/* webpackMode: "eager" */ './check/check-here.ts');
    return checkHere(argv, env);
  },
  audit: async (argv, env) => {
    const { tellAudit } = await import(/* webpackMode: "eager" */ './audit/tell-audit.ts');
    return tellAudit(argv, env);
  },
  backup: async (argv, env) => {
    const { backUp } = await import(/* webpackMode: "eager" */ './backup/back-up.ts');
    return backUp(argv, env);
  },
  restore: async (argv, env) => {
    const { restore } = await import(/* webpackMode: "eager" */ './backup/restore.ts');
    return restore(argv, env);
  },
  'rotate-token': async (argv, env) => {
    const { rotateToken } = await import(/* webpackMode: "eager" */ './rotate-token.ts');
    return rotateToken(argv, env);
  },
  'take-back': async (argv, env) => {
    const { takeBackByHand } = await import(/* webpackMode: "eager" */ './by-hand.ts');
    return { lines: [await takeBackByHand(argv, env)], code: 0 };
  },
};

/** Exit codes: 0 done, 2 the user's to mend, 1 ours, or that `check` found something. */
async function main([first = 'run', ...rest]: readonly string[]): Promise<number> {
  const argv = [first, ...rest];
  if (argv.includes('--help') || argv.includes('-h')) return say({ lines: [describeOptions()], code: 0 });
  if (argv.includes('--version')) return say({ lines: [VERSION], code: 0 });
  try {
    requireNode(process.versions.node, process.execPath);
    for (const flag of SMALL_ENGINE) setFlagsFromString(flag);
    const byHand = BY_HAND[first];
    if (byHand !== undefined) return say(await byHand(rest, process.env));
    const { runAgent, takeDown } = await import(/* webpackMode: "eager" */ './run-agent.ts');
    if (first === 'down') return say({ lines: [await takeDown(readOptions(rest, process.env))], code: 0 });
    const env = takeSecrets(process.env);
    await runAgent(readOptions(first === 'run' ? rest : argv, env), env);
    return 0;
  } catch (thrown) {
    console.error(thrown instanceof UserError ? thrown.message : thrown);
    return thrown instanceof UserError ? 2 : 1;
  }
}

function say({ lines, notes = [], code }: Said): number {
  for (const line of lines) console.log(plainLines(line));
  for (const note of notes) console.error(plainLines(note));
  return code;
}

// A step that is under way, the start of a version, say, would keep the process for minutes; the next agent goes on with it.
process.exit(await main(process.argv.slice(2)));
