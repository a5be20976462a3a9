import { parseDuration } from '../../config/schema/quantity.ts';
import { didYouMean } from '../../did-you-mean.ts';
import { readVersion } from '../../identity/version.ts';
import { findingCodeSchema } from '../../ledger/mutes/finding-code.ts';
import { MOST_MUTE_SECONDS } from '../../ledger/mutes/mute.ts';
import { formatDuration } from '../../report/format-number.ts';
import { type Ignored, ignore, type Refused, refuse } from '../decision.ts';
import { type ArgumentKind, COMMANDS, type Command, DRY_RUN, findCommand } from './command-table.ts';

const MAX_LINE = 2_000;
const COMMIT = /^[0-9a-f]{7,64}$/;
const ASSIGNMENT = /^(?<name>[A-Za-z_][\w.-]*)=(?<value>.*)$/s;
const THEN = '--then';
const FOR = 'for';
const PRODUCTION = '--production';
/** What may follow a search at once. */
const NEXT = ['train', 'production'] as const;
const WORD = /(?:[^\s"']|"[^"]*"|'[^']*')+/g;

/** A command with its arguments read, none of them yet checked against the configuration. */
export type ParsedCommand = {
  readonly kind: 'command';
  readonly command: Command;
  readonly dryRun: boolean;
  readonly commit?: string;
  readonly version?: string;
  /** Of the monitor, as it prints it. */
  readonly finding?: string;
  /** For how long. */
  readonly seconds?: number;
  readonly environment?: string;
  readonly reason?: string;
  /** What follows at once. */
  readonly next?: (typeof NEXT)[number];
  readonly production?: true;
  /** Values as written. */
  readonly parameters: Readonly<Record<string, string>>;
};

/** What may stand before a command. The caller workflow starts no run for other signs, so none are passed over here. */
const BLANK = /^[ \t\r\n]+/;

/** Reads the command of a comment's first line, which must begin with a slash. Other slash words than ours are other programs' commands. */
export function parseCommand(body: string): ParsedCommand | Ignored | Refused {
  const line = body.replace(BLANK, '').split(/\r?\n/, 1)[0]?.trimEnd() ?? '';
  if (!/^\/[a-z]/i.test(line) || line.length > MAX_LINE) return notACommand();
  const [first = '', ...rest] = joinPair(line.match(WORD) ?? [], THEN);
  const dryRun = first.toLowerCase() === `/${DRY_RUN}`;
  if (!dryRun) return readCommand(first.slice(1), rest, false);
  const [asked, ...words] = rest;
  if (asked === undefined) {
    return refuse(
      'bad-argument',
      '/plan needs a command to plan.',
      'Write for example `/plan deploy` or `/plan train`.',
    );
  }
  return readCommand(asked.replace(/^\//, ''), words, true);
}

/** `--then train` is one argument of two words, and so is `for 7d`. */
function joinPair(words: readonly string[], first: string): readonly string[] {
  const at = words.indexOf(first);
  if (at === -1) return words;
  return [...words.slice(0, at), words.slice(at, at + 2).join(' '), ...words.slice(at + 2)];
}

function readCommand(
  name: string,
  words: readonly string[],
  dryRun: boolean,
): ParsedCommand | Ignored | Refused {
  const command = findCommand(name.toLowerCase());
  if (command !== undefined) {
    const isTimed = command.takes.includes('time');
    return readArguments(command, isTimed ? joinPair(words, FOR) : words, dryRun);
  }
  const nearest = didYouMean(name, [...COMMANDS.map((known) => known.name), DRY_RUN]);
  if (nearest === undefined && !dryRun) return notACommand();
  const hint = nearest === undefined ? '' : `Did you mean \`/${nearest}\`? `;
  return refuse('unknown-command', `There is no command /${name}.`, `${hint}\`/help\` lists all commands.`);
}

type Draft = {
  readonly parameters: Map<string, string>;
  readonly words: Map<Exclude<ArgumentKind, 'parameters' | 'production' | 'then' | 'time'>, string>;
  seconds?: number;
  next?: (typeof NEXT)[number] | undefined;
  production?: true;
};

function readArguments(command: Command, words: readonly string[], dryRun: boolean): ParsedCommand | Refused {
  const draft: Draft = { parameters: new Map(), words: new Map() };
  for (const [index, word] of words.entries()) {
    const kind = command.takes.find((candidate) => fits(candidate, word, draft));
    if (kind === undefined) return misfit(command, word);
    if (kind === 'reason') {
      draft.words.set('reason', unquote(words.slice(index).join(' ')));
      break;
    }
    const refused = takeWord(kind, word, draft);
    if (refused !== undefined) return refused;
  }
  if (command.takes.includes('finding') && !draft.words.has('finding')) {
    const message = `\`/${command.name}\` needs the code of a finding.`;
    return refuse('bad-argument', message, `Write \`${command.usage}\`.`);
  }
  return {
    kind: 'command',
    command,
    dryRun,
    parameters: Object.fromEntries(draft.parameters),
    ...(draft.next !== undefined && { next: draft.next }),
    ...(draft.production !== undefined && { production: draft.production }),
    ...(draft.seconds !== undefined && { seconds: draft.seconds }),
    ...Object.fromEntries(draft.words),
  };
}

function takeWord(kind: Exclude<ArgumentKind, 'reason'>, word: string, draft: Draft): Refused | undefined {
  switch (kind) {
    case 'then':
      draft.next = readNext(word);
      return undefined;
    case 'production':
      draft.production = true;
      return undefined;
    case 'parameters': {
      const { name = '', value = '' } = ASSIGNMENT.exec(word)?.groups ?? {};
      if (draft.parameters.has(name))
        return refuse('bad-argument', `\`${name}\` is given twice.`, 'Give it once.');
      draft.parameters.set(name, unquote(value));
      return undefined;
    }
    case 'time': {
      const seconds = parseDuration(word.slice(FOR.length).trim());
      if (seconds === undefined || seconds === 0 || seconds > MOST_MUTE_SECONDS) return noTime(word);
      draft.seconds = seconds;
      return undefined;
    }
    case 'finding': {
      const code = unquote(word);
      if (!findingCodeSchema.safeParse(code).success) return noFinding(code);
      draft.words.set(kind, code);
      return undefined;
    }
    default:
      draft.words.set(kind, kind === 'version' ? (readVersion(word) ?? word) : unquote(word));
      return undefined;
  }
}

/** Whether a word can be that argument here. What looks like a version is one; anything else can name an environment. */
function fits(kind: ArgumentKind, word: string, { words, next, production, seconds }: Draft): boolean {
  switch (kind) {
    case 'finding':
      return !words.has('finding');
    case 'time':
      return seconds === undefined && (word === FOR || word.startsWith(`${FOR} `));
    case 'parameters':
      return ASSIGNMENT.test(word);
    case 'then':
      return next === undefined && readNext(word) !== undefined;
    case 'production':
      return production === undefined && word === PRODUCTION;
    case 'commit':
      return !words.has('commit') && COMMIT.test(word);
    case 'version':
      return !words.has('version') && readVersion(word) !== undefined;
    case 'environment':
      return !words.has('environment') && seconds === undefined && /^[a-z0-9][a-z0-9._-]*$/i.test(word);
    case 'reason':
      return true;
  }
}

function readNext(word: string): (typeof NEXT)[number] | undefined {
  return NEXT.find((next) => word === `${THEN} ${next}`);
}

function misfit(command: Command, word: string): Refused {
  return refuse(
    'bad-argument',
    `\`/${command.name}\` can't take \`${word.slice(0, 100)}\` here.`,
    `Write \`${command.usage}\`.`,
  );
}

function noTime(written: string): Refused {
  const most = formatDuration(MOST_MUTE_SECONDS);
  const message =
    written === FOR
      ? `\`${FOR}\` needs a time.`
      : `\`${written.slice(0, 100)}\` names no time of ${most} at most.`;
  return refuse('bad-argument', message, 'Write for example `for 12h`, `for 7d` or `for 2w`.');
}

function noFinding(written: string): Refused {
  return refuse(
    'bad-argument',
    `\`${written.slice(0, 100)}\` is no code of a finding.`,
    'Write it as the monitor does, such as `host-lost` or `drift-act:age`; with blanks in it, in double quotes.',
  );
}

function unquote(text: string): string {
  return text.replaceAll(
    /"([^"]*)"|'([^']*)'/g,
    (_, double: string | undefined, single: string | undefined) => double ?? single ?? '',
  );
}

function notACommand(): Ignored {
  return ignore('not-a-command', 'This comment is no command.');
}
