import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashText } from '../../adapters/data-digest.ts';
import { PYTHON, ROOT } from '../../sandbox/checkout.ts';
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
    program=$1
    shift
    exec "$PROGRAMS/$program" "$@" ;;
  run)
    while [ "$1" != mlflow ]; do
      [ "$1" != --volume ] || mounted=\${2%%:/backup*}
      shift
    done
    [ "$2 $3 $6" = 'python /srv/objects.py /backup/objects' ]
    exec "$PYTHON" -I "$OBJECTS" "$4" "$5" "$mounted/objects" ;;
  stop | up) ;;
  *) exit 64 ;;
esac
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
});
afterAll(async () => {
  await stores.stop();
  rmSync(root, { recursive: true, force: true });
});

/** What one of the scripts says where it succeeds. */
async function run(script: 'backup.sh' | 'restore.sh', place: string): Promise<string> {
  const { settings } = stores;
  const env = {
    ...administrate(settings),
    PATH: `${path.join(root, 'bin')}:${process.env['PATH']}`,
    PROGRAMS: path.dirname(postgresProgram('psql')),
    PYTHON,
    OBJECTS: path.join(ROOT, 'deploy', 'mlflow', 'objects.py'),
    MLFLOW_S3_ENDPOINT_URL: `http://127.0.0.1:${settings.ports.s3}`,
    AWS_ACCESS_KEY_ID: 'mlflow',
    AWS_SECRET_ACCESS_KEY: settings.passwords.s3,
    AWS_DEFAULT_REGION: 'us-east-1',
  };
  const { stdout } = await promisify(execFile)('sh', [path.join(ROOT, 'deploy', script), place], { env });
  return stdout;
}

/** Runs SQL as one of the two roles, and gives its rows. */
function sql(role: 'mlflow' | 'optuna', statement: string): string {
  const env = {
    ...administrate(stores.settings),
    PGUSER: role,
    PGPASSWORD: stores.settings.passwords[role],
  };
  const options = ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1'];
  return execFileSync(postgresProgram('psql'), [...options, '--command', statement], {
    env,
    encoding: 'utf8',
  }).trim();
}

/** Makes an object of that content the only one that the bucket holds. */
function keepAlone(content: string): void {
  const folder = path.join(root, `object-${content}`);
  mkdirSync(folder);
  writeFileSync(path.join(folder, '0'), content);
  const sha256 = hashText(content).replace('sha256:', '');
  const entry = { key: 'model/weights', file: '0', size: content.length, sha256 };
  writeFileSync(path.join(folder, 'index.json'), JSON.stringify([entry]));
  runObjects(stores.settings, ['load', BUCKET, folder]);
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

test('a backup that came to no end is begun anew', async () => {
  mkdirSync(path.join(root, 'again.unfinished', 'objects'), { recursive: true });
  expect(await run('backup.sh', path.join(root, 'again'))).toMatch(/^1 objects, 5 bytes$/m);
});
