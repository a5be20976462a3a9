import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashText } from '../../adapters/data-digest.ts';
import { PYTHON, ROOT } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { BUCKET } from '../../sandbox/stack/places.ts';
import { administrate, postgresProgram } from '../../sandbox/stack/postgres.ts';
import { runObjects, startStores } from '../../sandbox/stack/stack.ts';

/** `docker compose`, as far as backup.sh and restore.sh ask for it: on stores that run without Docker. */
const DOCKER = `#!/bin/sh
set -eu
[ "$1" = compose ]
verb=$2
shift 2
case $verb in
  exec)
    [ "$1 $2" = '-T postgres' ]
    shift 2
    PATH="$PROGRAMS:$PATH" exec "$@" ;;
  run)
    while [ "$1" != mlflow ]; do
      case $2 in *:/backup*) mounted=\${2%%:/backup*} ;; esac
      shift
    done
    shift
    if [ -n "\${HOLD-}" ] && [ ! -e "$HOLD.reached" ]; then
      : >"$HOLD.reached"
      read -r _ <"$HOLD"
    fi
    if [ "$*" = 'rm -rf /backup/objects' ]; then exec /bin/rm -rf "$mounted/objects"; fi
    [ "$1 $2 $5" = 'python /srv/objects.py /backup/objects' ]
    exec "$PYTHON" -I "$OBJECTS" "$3" "$4" "$mounted/objects" ;;
  stop | start | up) echo "$verb $*" >>"$ASKED" ;;
  *) exit 64 ;;
esac
`;

/** `rm`, as it is for a user to whom what a container has written as root does not belong. */
const RM = `#!/bin/sh
for place; do
  [ ! -d "$place/objects" ] || { echo "rm: cannot remove '$place/objects': Permission denied" >&2; exit 1; }
done
exec /bin/rm "$@"
`;

const root = mkdtempSync(path.join(tmpdir(), 'trainyard-deploy-scripts-'));
execFileSync('chmod', ['755', root]);
const saved = path.join(root, 'saved');
let stores: Awaited<ReturnType<typeof startStores>>;

beforeAll(async () => {
  stores = await startStores(path.join(root, 'stack'));
  const programs = path.join(root, 'bin');
  mkdirSync(programs);
  writeFileSync(path.join(programs, 'docker'), DOCKER, { mode: 0o755 });
  writeFileSync(path.join(programs, 'rm'), RM, { mode: 0o755 });
});
afterAll(async () => {
  await stores.stop();
  rmSync(root, { recursive: true, force: true });
});

/** What one of the scripts says where it succeeds. `more` goes into its environment. */
async function run(
  script: 'backup.sh' | 'restore.sh',
  place: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { settings } = stores;
  const env = {
    ...administrate(settings),
    PATH: `${path.join(root, 'bin')}:${process.env['PATH']}`,
    PROGRAMS: path.dirname(postgresProgram('psql')),
    PYTHON,
    ASKED: path.join(root, 'asked'),
    OBJECTS: path.join(ROOT, 'deploy', 'mlflow', 'objects.py'),
    MLFLOW_S3_ENDPOINT_URL: `http://127.0.0.1:${settings.ports.s3}`,
    AWS_ACCESS_KEY_ID: 'mlflow',
    AWS_SECRET_ACCESS_KEY: settings.passwords.s3,
    AWS_DEFAULT_REGION: 'us-east-1',
    ...more,
  };
  const { stdout } = await promisify(execFile)('sh', [path.join(ROOT, 'deploy', script), place], { env });
  return stdout;
}

/** Begins a script, and comes back when it has reached the objects: there it waits until `go` is called. */
async function hold(script: 'backup.sh' | 'restore.sh', place: string) {
  const gate = path.join(mkdtempSync(path.join(root, 'hold-')), 'gate');
  execFileSync('mkfifo', [gate]);
  const ended = run(script, place, { HOLD: gate });
  const reached = waitFor(() => existsSync(`${gate}.reached`), `${script} to reach the objects`);
  await Promise.race([reached, ended]);
  return { ended, go: () => writeFileSync(gate, 'go\n') };
}

function entering(role: 'postgres' | 'mlflow' | 'optuna'): NodeJS.ProcessEnv {
  const { passwords } = stores.settings;
  const password = role === 'postgres' ? passwords.admin : passwords[role];
  return { ...administrate(stores.settings), PGUSER: role, PGPASSWORD: password };
}

/** Runs SQL as one of the roles, and gives its rows. */
function sql(role: 'postgres' | 'mlflow' | 'optuna', statement: string): string {
  const options = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
  return execFileSync(postgresProgram('psql'), [...options, '--command', statement], {
    env: entering(role),
    encoding: 'utf8',
  }).trim();
}

/** Makes an object of that content the only one that the bucket holds. */
function keepAlone(content: string, key = 'model/weights'): void {
  const folder = path.join(root, `object-${content}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, '0'), content);
  const sha256 = hashText(content).replace('sha256:', '');
  const entry = { key, file: '0', size: content.length, sha256 };
  writeFileSync(path.join(folder, 'index.json'), JSON.stringify([entry]));
  for (const verb of ['add', 'trim']) runObjects(stores.settings, [verb, BUCKET, folder]);
}

/** Writes a backup's digests anew, as for one that was made so. */
function sign(place: string): void {
  const made = 'sha256sum database.dump objects/index.json >SHA256SUMS';
  execFileSync('sh', ['-c', made], { cwd: place });
}

/** What a restore that failed has left: the rows, the object, and what was asked of Docker in the end. */
function standing(name: string): readonly string[] {
  const asked = readFileSync(path.join(root, 'asked'), 'utf8').trim().split('\n');
  return [sql('mlflow', 'SELECT id FROM runs'), keptNow(name), asked.at(-1) ?? ''];
}

function keptNow(name: string): string {
  const folder = path.join(root, name);
  runObjects(stores.settings, ['save', BUCKET, folder]);
  return readFileSync(path.join(folder, '00000000'), 'utf8');
}

test('a backup is put back where tables and rows have come since, as after a first search or an upgrade', async () => {
  sql('mlflow', "CREATE TABLE runs (id text); INSERT INTO runs VALUES ('first')");
  keepAlone('first');
  await run('backup.sh', saved);
  sql('optuna', 'CREATE TABLE studies (id text)');
  sql('mlflow', "CREATE TABLE traces (id text); INSERT INTO runs VALUES ('second')");
  keepAlone('second');
  await run('restore.sh', saved);
  expect(sql('mlflow', 'SELECT id FROM runs')).toBe('first');
  expect(keptNow('after')).toBe('first');
  const tables = "SELECT tablename FROM pg_tables WHERE schemaname IN ('mlflow', 'optuna')";
  expect(sql('mlflow', tables)).toBe('runs');
  // Whose the schemas are is restored too.
  sql('optuna', 'CREATE TABLE studies (id text)');
});

test('nothing is put back of a backup whose dump was damaged', async () => {
  keepAlone('third');
  appendFileSync(path.join(saved, 'database.dump'), 'x');
  await expect(run('restore.sh', saved)).rejects.toThrow('is not what was saved: nothing has been put back');
  expect(keptNow('later')).toBe('third');
});

test('a registry that PostgreSQL does not take back leaves the one that is there, and its objects', async () => {
  const place = path.join(root, 'of-another-role');
  sql(
    'postgres',
    'CREATE ROLE gone; CREATE TABLE mlflow.owned (id text); ALTER TABLE mlflow.owned OWNER TO gone',
  );
  await run('backup.sh', place);
  sql('postgres', "DROP TABLE mlflow.owned; DROP ROLE gone; UPDATE mlflow.runs SET id = 'fourth'");
  keepAlone('fourth');
  const restored = expect(run('restore.sh', place)).rejects;
  await restored.toThrow(/role "gone" does not exist[\s\S]*Nothing has been replaced/);
  expect(standing('refused')).toEqual(['fourth', 'fourth', 'start mlflow']);
});

test('a dump that ends too early leaves what is there, though its digest is right', async () => {
  const place = path.join(root, 'short');
  sql('mlflow', 'CREATE TABLE metrics AS SELECT md5(i::text) AS md5 FROM generate_series(1, 1000) i');
  await run('backup.sh', place);
  const dump = path.join(place, 'database.dump');
  truncateSync(dump, statSync(dump).size - 5000);
  sign(place);
  sql('mlflow', "UPDATE runs SET id = 'fifth'");
  keepAlone('fifth');
  await expect(run('restore.sh', place)).rejects.toThrow('Nothing has been replaced');
  expect(standing('short-left')).toEqual(['fifth', 'fifth', 'start mlflow']);
});

test('objects that the store does not take leave the registry and every object that it names', async () => {
  const place = path.join(root, 'nameless');
  keepAlone('sixth', 'model/of-then');
  await run('backup.sh', place);
  const index = path.join(place, 'objects', 'index.json');
  const [entry] = JSON.parse(readFileSync(index, 'utf8'));
  writeFileSync(index, JSON.stringify([entry, { ...entry, key: '' }]));
  sign(place);
  sql('mlflow', "UPDATE runs SET id = 'seventh'");
  keepAlone('seventh', 'model/of-now');
  await expect(run('restore.sh', place)).rejects.toThrow('Nothing that the registry names has been replaced');
  runObjects(stores.settings, ['save', BUCKET, path.join(root, 'both')]);
  const kept = readFileSync(path.join(root, 'both', 'index.json'), 'utf8');
  expect(kept).toContain('model/of-now');
  expect(sql('mlflow', 'SELECT id FROM runs')).toBe('seventh');
});

test('a worker of a search is thrown out of the database, and let in again once the backup is in place', async () => {
  const place = path.join(root, 'searched');
  await run('backup.sh', place);
  const locks = ['--no-psqlrc', '--quiet', '--command', 'BEGIN; LOCK TABLE studies', '--file=-'];
  const worker = spawn(postgresProgram('psql'), locks, { env: entering('optuna'), stdio: 'pipe' });
  const held = "SELECT count(*) FROM pg_locks WHERE relation = 'optuna.studies'::regclass";
  await waitFor(() => sql('optuna', held) === '1', 'the worker to hold its table');
  const { ended, go } = await hold('restore.sh', place);
  expect(() => sql('optuna', 'SELECT 1')).toThrow('role "optuna" is not permitted to log in');
  go();
  await ended;
  expect(sql('optuna', 'SELECT id FROM studies')).toBe('');
  const left = once(worker, 'close');
  worker.stdin.end('SELECT 1;\n');
  expect((await left)[0]).not.toBe(0);
});

test('a backup that came to no end is begun anew, by whom the objects in it do not belong to either', async () => {
  keepAlone('eighth');
  mkdirSync(path.join(root, 'again.unfinished', 'objects'), { recursive: true });
  expect(await run('backup.sh', path.join(root, 'again'))).toMatch(/^1 objects, 6 bytes$/m);
});

test('while a backup is made no other begins, and no restore', async () => {
  const place = path.join(root, 'held');
  const { ended, go } = await hold('backup.sh', place);
  await expect(run('backup.sh', place)).rejects.toThrow('Another backup or restore of this stack goes on');
  await expect(run('restore.sh', saved)).rejects.toThrow('Another backup or restore of this stack goes on');
  go();
  await ended;
  expect(existsSync(path.join(place, 'SHA256SUMS'))).toBe(true);
});

test('a backup without digests is refused, and how to make them is said', async () => {
  const place = path.join(root, 'without digests');
  await run('backup.sh', place);
  rmSync(path.join(place, 'SHA256SUMS'));
  const refused: unknown = await run('restore.sh', place).catch((error: unknown) => error);
  const said = refused instanceof Error ? refused.message : '';
  const command = said.split('\n').find((line) => line.startsWith('  '));
  execFileSync('sh', ['-c', command ?? 'exit 1']);
  await run('restore.sh', place);
});
