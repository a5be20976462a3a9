import { runCli } from '../cli/index.ts';

// `trainyard audit`, from a checkout that has nothing built.
process.exitCode = await runCli(['audit', ...process.argv.slice(2)], new URL('..', import.meta.url));
