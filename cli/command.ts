import type { Surroundings } from './surroundings.ts';

/** An option of a command, as `parseArgs` reads it and as the README lists it. */
export type CliOption = {
  readonly type: 'string' | 'boolean';
  readonly help: string;
  /** What stands for its value in the usage. */
  readonly value?: string;
  readonly default?: string;
  readonly multiple?: true;
};

/** What was written behind a command. */
export type Given = {
  readonly words: readonly string[];
  readonly text: (name: string) => string | undefined;
  readonly list: (name: string) => readonly string[];
  readonly flag: (name: string) => boolean;
};

/** One command of `trainyard`. */
export type CliCommand = {
  readonly name: string;
  readonly summary: string;
  /** What may be written behind it beside options. */
  readonly words?: string;
  readonly options: Readonly<Record<string, CliOption>>;
  /** Gives the exit code: 0 all is well, 1 something is not. */
  readonly run: (given: Given, world: Surroundings) => Promise<number>;
};

/** What each command takes that is about one configuration. */
export const CONFIG_OPTION = {
  config: { type: 'string', value: 'FILE', default: 'trainyard.yml', help: 'The configuration.' },
} as const satisfies Readonly<Record<string, CliOption>>;

/** What each command takes that looks at things, with the model's own packages among them. */
export const LOOK_OPTIONS = {
  python: {
    type: 'string',
    value: 'PROGRAM',
    default: 'python3',
    help: 'Python of the model’s environment.',
  },
  json: { type: 'boolean', help: 'One JSON object in place of lines.' },
} as const satisfies Readonly<Record<string, CliOption>>;
