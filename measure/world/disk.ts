import fs from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, dirname, sep } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Everything below this path exists in the world alone. */
export const WORLD_DISK = `${sep}world`;

type Entry =
  | { readonly kind: 'folder' }
  | { readonly kind: 'file'; readonly text: string; readonly at: number };

const entries = new Map<string, Entry>();
const databases = new Map<string, WorldDatabase>();
/** Folders whose disk may be full. */
const disks = new Map<string, () => boolean>();
/** Databases of hosts that are gone, with their tables, and nothing in them. */
const spare: WorldDatabase[] = [];
/** Nothing is opened: what has this number needs no closing. */
const NO_DESCRIPTOR = -1;

/**
 * A database in memory that outlives whoever opened it, as a file does: of each transaction an agent that is killed has written all
 * or nothing. It is given its tables and its statements once, and emptied for the next host.
 */
class WorldDatabase extends DatabaseSync {
  readonly #statements = new Map<string, StatementSync>();
  isFull: () => boolean = () => false;

  override prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#guard(super.prepare(sql));
    this.#statements.set(sql, known);
    return known;
  }

  /** What would write onto a full disk is undone and throws, as in SQLite; what finds nothing to change goes on. */
  #guard(statement: StatementSync): StatementSync {
    const { run } = statement;
    Object.assign(statement, {
      run: (...given: readonly unknown[]) => {
        const write = (): ReturnType<typeof run> => Reflect.apply(run, statement, given);
        if (!this.isFull()) return write();
        this.exec('SAVEPOINT full');
        const result = write();
        this.exec(result.changes === 0 ? 'RELEASE full' : 'ROLLBACK TO full; RELEASE full');
        if (result.changes === 0) return result;
        throw new Error('database or disk is full');
      },
    });
    return statement;
  }

  override close(): void {
    // What was written stays.
  }

  /** For the next host, which has a disk of its own. */
  empty(): void {
    this.isFull = () => false;
    const tables = this.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    for (const { name } of tables) this.prepare(`DELETE FROM "${name}"`).run();
  }
}

/** Takes the disk of the agents away from this process: files and databases below `WORLD_DISK` are in memory, all others as before. */
export function takeDisk(): void {
  instead('existsSync', (path) => entries.has(path));
  instead('mkdirSync', makeFolder);
  instead('rmSync', remove);
  instead('readdirSync', list);
  instead('readFileSync', read);
  instead('writeFileSync', (path, text) =>
    entries.set(path, { kind: 'file', text: String(text), at: Date.now() }),
  );
  instead('appendFileSync', append);
  instead('statSync', describe);
  instead('lstatSync', describe);
  instead('chmodSync', () => undefined);
  instead('openSync', () => NO_DESCRIPTOR);
  const { closeSync } = fs;
  Object.assign(fs, {
    closeSync: (descriptor: number) => (descriptor === NO_DESCRIPTOR ? undefined : closeSync(descriptor)),
  });
  takeDatabases();
}

/** The exports of this module of Node can't be replaced: whoever imports it from now on gets another. */
function takeDatabases(): void {
  Object.assign(globalThis, {
    // With `new` it gives what it returns.
    WorldDatabase: function open(file: string) {
      return openDatabase(file);
    },
  });
  // Nobody of the world backs a host up.
  const url =
    'data:text/javascript,export const DatabaseSync = globalThis.WorldDatabase; export const backup = undefined;';
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === 'node:sqlite' ? { url, shortCircuit: true } : nextResolve(specifier, context),
  });
}

/** Databases that are opened in this folder from now on can't grow while its disk is full. */
export function limitDisk(folder: string, isFull: () => boolean): void {
  disks.set(folder, isFull);
}

/** Puts this in the place of a function of `node:fs` for the paths of the world. */
function instead(name: keyof typeof fs, work: (path: string, given: unknown) => unknown): void {
  const before: unknown = fs[name];
  if (typeof before !== 'function') throw new TypeError(`node:fs has no function ${name}.`);
  Object.assign(fs, {
    [name]: (...given: readonly unknown[]) => {
      const [path, more] = given;
      return typeof path === 'string' && path.startsWith(WORLD_DISK)
        ? work(path, more)
        : Reflect.apply(before, fs, given);
    },
  });
}

function openDatabase(file: string): DatabaseSync {
  const database = databases.get(file) ?? spare.pop() ?? new WorldDatabase(':memory:');
  databases.set(file, database);
  database.isFull = disks.get(dirname(file)) ?? (() => false);
  return database;
}

function makeFolder(path: string): void {
  for (let at = path; at.startsWith(WORLD_DISK) && !entries.has(at); at = dirname(at)) {
    entries.set(at, { kind: 'folder' });
  }
}

function remove(path: string): void {
  const isGone = (known: string) => known === path || known.startsWith(path + sep);
  for (const known of [...entries.keys()].filter(isGone)) entries.delete(known);
  for (const [file, database] of [...databases].filter(([known]) => isGone(known))) {
    databases.delete(file);
    database.empty();
    spare.push(database);
  }
}

function list(folder: string) {
  return [...entries].flatMap(([path, { kind }]) =>
    dirname(path) === folder
      ? [{ name: basename(path), isFile: () => kind === 'file', isDirectory: () => kind === 'folder' }]
      : [],
  );
}

function append(path: string, text: unknown): void {
  const entry = entries.get(path);
  const before = entry?.kind === 'file' ? entry.text : '';
  entries.set(path, { kind: 'file', text: `${before}${String(text)}`, at: Date.now() });
}

function read(path: string): string {
  const entry = entries.get(path);
  if (entry?.kind === 'file') return entry.text;
  throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
}

/** Nobody of the world asks without `throwIfNoEntry: false` for what may not be there. */
function describe(path: string) {
  const entry = entries.get(path);
  if (entry === undefined) return undefined;
  const [size, mtimeMs] = entry.kind === 'file' ? [Buffer.byteLength(entry.text), entry.at] : [0, 0];
  return { size, mtimeMs, isFile: () => entry.kind === 'file', isDirectory: () => entry.kind === 'folder' };
}
