import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { replay } from '../replay/replay.ts';

/** `trainyard replay`. */
export const replayCommand: CliCommand = {
  name: 'replay',
  summary:
    'Decides past rollouts again from what was observed, and says whether that agrees with what happened: those of a version, or of files.',
  words: 'VERSION | FILE …',
  options: CONFIG_OPTION,
  run: replay,
};
