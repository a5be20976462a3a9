import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { atLeastOne, messageOf, type Problem, UserError } from '../core/errors.ts';
import { SECRET_FILES, SECRETS_FOLDER } from '../core/init/settings.ts';
import { SECRETS } from '../core/names.ts';
import { ROLES, type Role } from '../core/serving/route.ts';
import { withLock } from './machine/lock-file.ts';
import type { AgentEnvironment } from './open-context.ts';
import { addSuccessor, dropReplaced, hasToken } from './options/edit-tokens.ts';
import { readValues } from './options/read-values.ts';
import { splitFlags } from './options/split-flags.ts';
import { fingerprintOf, hashToken } from './options/tokens.ts';

const FLAGS = { finish: 'boolean', from: 'string', replace: 'string' } as const;
const TOKEN_BYTES = 32;
/** Whoever else is on the host reads no file of tokens. */
const OTHERS = 0o007;

/** What the command prints: a new token alone, so that it can be piped on, and beside it what to do with it. */
type Told = { readonly lines: readonly string[]; readonly notes: readonly string[]; readonly code: 0 };

/**
 * Lets a role in by a new token beside the old one, made here or taken from `--from`, and with `--finish` drops the old one. A running agent
 * goes by it at once. Needs `--tokens-file` alone of the options. Throws a UserError where nothing was changed.
 */
export function rotateToken(argv: readonly string[], env: AgentEnvironment): Told {
  const { role, flags, file } = readWish(argv, env);
  const isFinish = flags.finish !== undefined;
  const given = isFinish || flags.from === undefined ? undefined : readGiven(flags.from);
  return alone(file, () => {
    const text = readFileSync(file, 'utf8');
    return isFinish
      ? finish(file, { text, role })
      : succeed(file, { text, role, given, replaces: flags.replace });
  });
}

type Succession = {
  readonly text: string;
  readonly role: Role;
  readonly given: string | undefined;
  readonly replaces: string | undefined;
};

function succeed(file: string, { text, role, given, replaces }: Succession): Told {
  const token = given ?? randomBytes(TOKEN_BYTES).toString('hex');
  const own = fingerprintOf({ role, hash: hashToken(token) });
  if (hasToken(text, role, own)) return say([], [`The ${role}'s token ${own} is good on this host already.`]);
  const edited = addSuccessor(text, { role, token, replaces });
  if (!edited.ok) throw new UserError([edited.error]);
  replaceFile(file, edited.value.text);
  return say(given === undefined ? [token] : [], describeNext(role, own, edited.value.old));
}

function finish(file: string, { text, role }: { readonly text: string; readonly role: Role }): Told {
  const edited = dropReplaced(text, role);
  if (edited.old === undefined) return say([], [`No token of a ${role} is being replaced.`]);
  replaceFile(file, edited.text);
  return say([], [`The ${role}'s token ${edited.old} is refused from now on.`]);
}

/** Reads and replaces the file while nobody else does: of two at once, one would write over what the other has printed. */
function alone(file: string, work: () => Told): Told {
  const told = withLock(file, work);
  if (told.ok) return told.value;
  if (told.error.kind === 'failed') throw unwritable(file, told.error.cause);
  const { lock } = told.error;
  throw unclear({
    code: 'tokens-busy',
    message: `Another rotate-token is at work on ${file}.`,
    remedy: `Run it again once that has ended; where none runs, remove ${lock} and what else begins with that name.`,
  });
}

function readWish([name, ...argv]: readonly string[], env: AgentEnvironment) {
  const role = ROLES.find((known) => known === name);
  if (role === undefined) {
    const message = `${name ?? 'Nothing'} is no role.`;
    throw unclear({ code: 'role-unknown', message, remedy: `Say rotate-token ${ROLES.join(' | ')}.` });
  }
  const { flags, rest } = splitFlags(argv, FLAGS);
  const { values, problems } = readValues(rest, env);
  if (values === undefined || problems.length > 0) throw new UserError(atLeastOne(problems));
  if (values.tokensFile === undefined)
    throw unclear({
      code: 'tokens-in-no-file',
      message: 'Only tokens in a file can be replaced while the agent runs.',
      remedy: 'Name the file with --tokens-file; write the tokens of the environment into one first.',
    });
  try {
    // Where the name is a link, what it leads to is replaced.
    return { role, flags, file: realpathSync(values.tokensFile) };
  } catch (thrown) {
    throw unclear({
      code: 'tokens-in-no-file',
      message: `--tokens-file can't be read (${messageOf(thrown)}).`,
      remedy: 'Name the file that the agent was started with, as a user who may change it.',
    });
  }
}

/** A token that another host has been given already: from a file, or from the standard input for `-`. */
function readGiven(from: string): string {
  const token = readFileSync(from === '-' ? 0 : from, 'utf8').trim();
  if (/^[^\s,#]+$/.test(token)) return token;
  const message = `${from === '-' ? 'The standard input' : from} holds no token alone.`;
  throw unclear({ code: 'token-unfit', message, remedy: 'Give what the first host has printed.' });
}

/** Puts a new content in the place of a file at once, with its owner, its group and, but for others, its rights. */
function replaceFile(file: string, text: string): void {
  const { uid, gid, mode } = statSync(file);
  const temporary = `${file}.${randomBytes(4).toString('hex')}.new`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
      const own = fstatSync(descriptor);
      if (own.uid !== uid || own.gid !== gid) fchownSync(descriptor, uid, gid);
      fchmodSync(descriptor, mode & 0o777 & ~OTHERS);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw unwritable(file, cause);
  }
}

function unwritable(file: string, cause: unknown): UserError {
  return unclear({
    code: 'tokens-unwritable',
    message: `${file} can't be replaced (${messageOf(cause)}).`,
    remedy: 'Run it as a user who may write in its folder and give it to its owner: root, after `host add`.',
  });
}

function describeNext(role: Role, own: string, old: string | undefined): readonly string[] {
  const both = old === undefined ? `${own} is good` : `${old} and ${own} are both good`;
  const use =
    role === 'deployer'
      ? [
          `- In the repository: gh secret set ${SECRETS.agentToken} (one for all hosts, or a line production=… for each environment).`,
          `- For \`host add\`, which writes the hosts' files anew: in ${SECRETS_FOLDER}/tokens and ${SECRETS_FOLDER}/${SECRET_FILES[SECRETS.agentToken]}, in the place of the old one.`,
        ]
      : [
          `- Give it to whoever uses the old one, and write it into ${SECRETS_FOLDER}/tokens, which \`host add\` sends.`,
        ];
  return [
    `Tokens of the ${role}: ${both} on this host, at once and without a restart.`,
    `- On each further host that shares it: rotate-token ${role} --from - with the new one as its input.`,
    ...use,
    ...(old === undefined
      ? []
      : [`- Once nothing uses ${old} any more, on each host: rotate-token ${role} --finish`]),
  ];
}

function say(lines: readonly string[], notes: readonly string[]): Told {
  return { lines, notes, code: 0 };
}

function unclear(problem: Problem): UserError {
  return new UserError([problem]);
}
