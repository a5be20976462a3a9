import type { CliCommand } from '../command.ts';
import { askSandbox } from '../sandbox/ask-sandbox.ts';
import { runSandbox } from '../sandbox/run-sandbox.ts';

/** `trainyard sandbox`. */
export const sandboxCommand: CliCommand = {
  name: 'sandbox',
  summary:
    'Runs this repository on this machine, with a stand-in for GitHub, MLflow and a serving host; with a word, asks the one that runs.',
  words: '[push|comment TEXT|tick|protect ENVIRONMENT|approve|reject|fail STATUS [PATH [TIMES]]|status]',
  options: {
    repo: { type: 'string', value: 'DIR', default: '.', help: 'Folder of the repository.' },
    requirements: {
      type: 'string',
      value: 'FILE',
      multiple: true,
      help: 'What the project and its models import, as pip reads it, for the runner and the hosts of the sandbox.',
    },
    checkout: {
      type: 'string',
      value: 'DIR',
      help: 'A checkout of Trainyard with all of its parts; without it this package’s own folder.',
    },
  },
  run: (given, world) => (given.words.length === 0 ? runSandbox(given, world) : askSandbox(given, world)),
};
