import type { CommandEnd, ProgramCall, RunCommand } from '../../../core/ports.ts';
import type { Draws } from '../../simulate/draws.ts';
import type { Actor, Scheduler } from '../scheduler.ts';
import { type LedgerRemote, nameOf } from './git-remote.ts';

/** What is wrong with the git host at present. Times are ms since the world began. */
export type GitFaults = { downUntil: number; goneUntil: number; lostPushAnswers: number };

type GitWorld = {
  readonly remote: LedgerRemote;
  readonly faults: GitFaults;
  readonly time: Scheduler;
  readonly draws: Draws;
  /** Hears of each commit that has become the head. */
  readonly onPush: (actor: Actor) => void;
};

type Commit = NonNullable<ReturnType<LedgerRemote['commitOf']>>;
/** A bare repository of one job. */
type Local = {
  ref: string | undefined;
  readonly commits: Map<string, Commit>;
  readonly trees: Map<string, ReadonlyMap<string, string>>;
  readonly indexes: Map<string, Map<string, string>>;
};
type Command = { readonly name: string; readonly args: readonly string[]; readonly call: ProgramCall };

/** How long one exchange with the git host takes, in ms. */
const EXCHANGE_MS = { least: 150, most: 900 } as const;

/** The program `git`, as far as the ledger's adapter calls it, run by one actor of the world. What it does not know it says. */
export function createGitClient(world: GitWorld, actor: Actor): RunCommand {
  const local: Local = { ref: undefined, commits: new Map(), trees: new Map(), indexes: new Map() };
  return async (call) => {
    const command = readCommand(call);
    const known = NETWORK[command.name];
    if (known !== undefined) return exchange(world, actor, () => known(world, local, { ...command, actor }));
    const plain = LOCAL[command.name];
    if (plain === undefined)
      throw new Error(`The world has no git ${command.name} ${command.args.join(' ')}`);
    return plain(world, local, command);
  };
}

function readCommand(call: ProgramCall): Command {
  const rest = [...call.args];
  while (rest[0]?.startsWith('-') === true) rest.splice(0, rest[0] === '-c' ? 2 : 1);
  return { name: rest[0] ?? '', args: rest.slice(1), call };
}

/** There, and back: a push may be taken although its answer is lost. */
async function exchange(
  { time, draws, faults }: GitWorld,
  actor: Actor,
  work: () => CommandEnd,
): Promise<CommandEnd> {
  const delay = () =>
    time.sleep(EXCHANGE_MS.least / 2 + (draws.uniform() * (EXCHANGE_MS.most - EXCHANGE_MS.least)) / 2, actor);
  await delay();
  if (time.elapsed() < faults.downUntil) return failed(UNREACHABLE);
  const end = work();
  await delay();
  if (end.stderr === LOST) return failed(UNREACHABLE);
  return end;
}

const UNREACHABLE = 'fatal: unable to access: The requested URL returned error: 503';
/** What a job asks for to see the commit it has fetched. */
const HEAD = 'refs/heads/trainyard\n';
/** Marks an answer that never comes. */
const LOST = 'lost';

type Work = (world: GitWorld, local: Local, command: Command) => CommandEnd;
type NetworkWork = (
  world: GitWorld,
  local: Local,
  command: Command & { readonly actor: Actor },
) => CommandEnd;

/** What a push says of where the branch has to be; nothing of one that must not be there. */
const LEASE = '--force-with-lease=refs/heads/trainyard:';

const NETWORK: Readonly<Record<string, NetworkWork>> = {
  fetch: ({ remote }, local) => {
    const head = remote.head();
    if (head === undefined) return failed("fatal: couldn't find remote ref refs/heads/trainyard");
    local.ref = head;
    return succeeded();
  },
  'ls-remote': ({ remote }, _local, { args }) => {
    const head = args.at(-1)?.endsWith('/*') === true ? undefined : remote.head();
    return succeeded(head === undefined ? '' : `${head}\trefs/heads/trainyard\n`);
  },
  push: ({ remote, faults, onPush }, local, { args, actor }) => {
    const [hash = ''] = args.at(-1)?.split(':') ?? [];
    const lease = args.find((arg) => arg.startsWith(LEASE))?.slice(LEASE.length) ?? '';
    if (remote.push(hash, local.commits, lease) === 'rejected') {
      return {
        ...failed(''),
        stdout: Buffer.from(`!\t${hash}:refs/heads/trainyard\t[rejected] (stale info)\n`),
      };
    }
    onPush(actor);
    if (faults.lostPushAnswers === 0) return succeeded();
    faults.lostPushAnswers -= 1;
    return failed(LOST);
  },
};

const LOCAL: Readonly<Record<string, Work>> = {
  init: () => succeeded(),
  'ls-tree': ({ remote }, local, { args }) => {
    const commit = args.find((arg) => !arg.startsWith('-')) ?? '';
    const places = args.slice(args.indexOf('--') + 1);
    const entries = [...treeOf(remote, local, commit)].filter(([path]) =>
      places.some((place) => path.startsWith(place)),
    );
    const lines = entries.map(([path, text]) => {
      const size = args.includes('-l') ? ` ${Buffer.byteLength(text)}` : '';
      return `100644 blob ${remote.addBlob(text)}${size}\t${path}\0`;
    });
    return succeeded(lines.join(''));
  },
  'cat-file': ({ remote }, local, { args, call }) => {
    if (String(call.input) === HEAD) return succeeded(showHead(remote, local));
    if (args[0] === 'blob') return succeeded(remote.blob(args[1] ?? '') ?? '');
    const names = String(call.input ?? '')
      .split('\n')
      .filter((name) => name !== '');
    const parts = names.map((name) => {
      const bytes = Buffer.from(remote.blob(name) ?? '');
      return Buffer.concat([Buffer.from(`${name} blob ${bytes.length}\n`), bytes, Buffer.from('\n')]);
    });
    return { ...succeeded(), stdout: Buffer.concat(parts) };
  },
  'read-tree': ({ remote }, local, { args, call }) => {
    const [commit = ''] = args;
    const tree = commit === '--empty' ? new Map() : treeOf(remote, local, commit);
    local.indexes.set(indexOf(call), new Map(tree));
    return succeeded();
  },
  'hash-object': ({ remote }, _local, { call }) => succeeded(`${remote.addBlob(String(call.input ?? ''))}\n`),
  'update-index': ({ remote }, local, { args, call }) => {
    const [, blob = '', path = ''] = args.at(-1)?.split(',') ?? [];
    local.indexes.get(indexOf(call))?.set(path, remote.blob(blob) ?? '');
    return succeeded();
  },
  'write-tree': (_world, local, { call }) => {
    const tree = local.indexes.get(indexOf(call)) ?? new Map<string, string>();
    const name = nameOf(JSON.stringify([...tree]));
    local.trees.set(name, new Map(tree));
    return succeeded(`${name}\n`);
  },
  'commit-tree': (_world, local, { args, call }) => {
    const [tree = ''] = args;
    const at = args.indexOf('-p');
    const parent = at < 0 ? undefined : args[at + 1];
    const name = nameOf(
      JSON.stringify([tree, parent, call.env['GIT_COMMITTER_DATE'], String(call.input ?? '')]),
    );
    local.commits.set(name, { parent, tree: local.trees.get(tree) ?? new Map() });
    return succeeded(`${name}\n`);
  },
  'merge-base': ({ remote }, _local, { args }) => {
    const [ancestor = '', hash = ''] = args.slice(-2);
    return remote.isAncestor(ancestor, hash) ? succeeded() : failed('');
  },
};

/** The head that was fetched, as a batch shows it: its name, and its parent among its own lines. */
function showHead(remote: LedgerRemote, { ref = '' }: Local): string {
  const parent = remote.commitOf(ref)?.parent;
  const text = `tree ${nameOf(ref)}\n${parent === undefined ? '' : `parent ${parent}\n`}\n`;
  return `${ref} commit ${text.length}\n${text}\n`;
}

function treeOf(remote: LedgerRemote, local: Local, commit: string): ReadonlyMap<string, string> {
  return (local.commits.get(commit) ?? remote.commitOf(commit))?.tree ?? new Map();
}

function indexOf({ env }: ProgramCall): string {
  return env['GIT_INDEX_FILE'] ?? '';
}

function succeeded(stdout = ''): CommandEnd {
  return { code: 0, ended: 'exited', stdout: Buffer.from(stdout), stderr: '' };
}

function failed(stderr: string): CommandEnd {
  return { code: 1, ended: 'exited', stdout: Buffer.alloc(0), stderr };
}
