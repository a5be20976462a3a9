import { ROLES } from '../../core/serving/route.ts';
import { shownName } from './option.ts';
import { OPTIONS } from './table.ts';

/** What `--help` prints. */
export function describeOptions(): string {
  const lines = OPTIONS.map((option) => {
    const fallback = option.default === undefined ? '' : ` [${option.default}]`;
    return `  ${shownName(option).padEnd(34)} ${option.help}${fallback}`;
  });
  return [
    'Usage: node agent.mjs [run | down] [options]',
    '       node agent.mjs check [--json] [options]',
    '       node agent.mjs take-back --model <name> [--to <version>] [--because <why>] [options]',
    '       node agent.mjs audit [--limit <number>] [--json] [options]',
    '       node agent.mjs backup <file> | restore <file> [options]',
    `       node agent.mjs rotate-token <${ROLES.join(' | ')}> [--from <file>] [--replace <fingerprint>] | --finish`,
    '       node agent.mjs --help | --version',
    '',
    '  run    Serve until told to stop; model servers and proxy outlive it. [default]',
    '  check  Say, a line for each, what an agent with these options lacks here: 0 for nothing, else 1. Changes nothing.',
    '  down   End this data folder’s model servers and proxy.',
    '  take-back   Take traffic from the candidate, or from the stable version for the one named by --to; also when no agent runs.',
    '  audit  Say who changed what on this host over the API, and who was refused, a line for each; needs --data-dir alone.',
    '  backup   Write what this host knows and what its versions start from into a file; also when no agent runs. Needs --data-dir alone.',
    '  restore  Make an empty --data-dir what it was at the backup: the same host, with the same versions and brakes.',
    '  rotate-token   Put a new access token beside the old one into --tokens-file and print it; --finish drops the old one. No restart.',
    '',
    'Each option can be set by TRAINYARD_AGENT_<NAME> too, or in the file of --config. Secrets are read from files of their own or the environment only.',
    '',
    ...lines,
  ].join('\n');
}
