import { execFile, execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PYTHON } from '../../sandbox/checkout.ts';
import { backupStack, restoreStack } from '../../sandbox/stack/backup.ts';
import { placesOf, readSettings } from '../../sandbox/stack/places.ts';
import { administrate, postgresProgram } from '../../sandbox/stack/postgres.ts';
import { type Stack, startStack } from '../../sandbox/stack/stack.ts';

const SCRIPT = path.join(import.meta.dirname, 'search_and_registry.py');
const TIMEOUT_MS = 400_000;
const TRIALS = 10;
const JSON_BODY = { 'content-type': 'application/json' };

const searchSchema = z.object({
  complete: z.number(),
  failed: z.number(),
  lost: z.number(),
  slots: z.array(z.number()),
  best: z.number(),
});
const workSchema = z.object({ alone: searchSchema, killed: searchSchema });

const root = mkdtempSync(path.join(tmpdir(), 'trainyard-stack-'));
// PostgreSQL runs as a user of its own where root runs the tests.
execFileSync('chmod', ['755', root]);
const folder = path.join(root, 'stack');
let stack: Stack;

beforeAll(async () => {
  stack = await startStack(folder);
});

afterAll(async () => {
  await stack.stop();
  rmSync(root, { recursive: true, force: true });
});

/** What the script prints; the stack answers it meanwhile from this process's children. */
async function ask(...words: readonly string[]): Promise<unknown> {
  const env = { ...process.env, ...stack.environment };
  const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, ...words], { env, timeout: TIMEOUT_MS });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

/** Runs SQL as the administrator of the stack's database. */
async function administer(sql: string): Promise<void> {
  execFileSync(
    postgresProgram('psql'),
    ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--command', sql],
    {
      env: administrate(await readSettings(placesOf(folder))),
    },
  );
}

describe('a stack of PostgreSQL, an object store and MLflow', () => {
  let before: unknown;
  const saved = path.join(root, 'saved');

  it('gives exactly the asked trials to a search by four workers, of whom two are killed', async () => {
    const { alone, killed } = workSchema.parse(await ask('work', path.join(root, 'work')));
    const slots = Array.from({ length: TRIALS }, (_, slot) => slot);
    expect(killed).toMatchObject({ complete: TRIALS, failed: 0, lost: 2, slots });
    expect(alone).toMatchObject({ complete: TRIALS, failed: 0, lost: 0, slots });
    // The first parameters are the seed's, whoever tries them; what follows depends on which trials had ended.
    expect(Math.abs(killed.best - alone.best)).toBeLessThan(10);
    before = await ask('look');
  });

  it('is saved while it runs', async () => {
    const said = await backupStack(folder, saved, new Date());
    expect(said).toMatch(/^\d+ objects, \d+ bytes$/);
    expect(readdirSync(saved).toSorted()).toEqual(['backup.json', 'database.dump', 'objects']);
    await expect(backupStack(folder, saved, new Date())).rejects.toThrow('is there already');
  });

  it('is not restored while it runs', async () => {
    await expect(restoreStack(folder, saved)).rejects.toThrow('is in use by process');
  });

  it('has the same registry, runs, files and studies after everything was wiped and restored', async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
    await restoreStack(folder, saved);
    stack = await startStack(folder);
    expect(await ask('look')).toEqual(before);
  });

  it('is what was saved, whatever came after', async () => {
    const models = `${stack.environment['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/registered-models`;
    const find = () => fetch(`${models}/get?name=later`);
    await fetch(`${models}/create`, { method: 'POST', body: '{"name":"later"}', headers: JSON_BODY });
    expect((await find()).status).toBe(200);
    await stack.stop();
    await restoreStack(folder, saved);
    stack = await startStack(folder);
    expect((await find()).status).toBe(404);
    expect(await ask('look')).toEqual(before);
  });

  it('keeps registry and objects where PostgreSQL does not take back what was saved', async () => {
    const ofAnother = path.join(root, 'of-another-role');
    await administer(
      'CREATE ROLE gone; CREATE TABLE mlflow.owned (id text); ALTER TABLE mlflow.owned OWNER TO gone',
    );
    await backupStack(folder, ofAnother, new Date());
    await administer('DROP TABLE mlflow.owned; DROP ROLE gone');
    const artifact = () =>
      `${stack.environment['MLFLOW_TRACKING_URI']}/api/2.0/mlflow-artifacts/artifacts/later`;
    expect((await fetch(artifact(), { method: 'PUT', body: 'later' })).status).toBe(200);
    await stack.stop();
    await expect(restoreStack(folder, ofAnother)).rejects.toThrow('role "gone" does not exist');
    stack = await startStack(folder);
    expect(await (await fetch(artifact())).text()).toBe('later');
    expect(await ask('look')).toEqual(before);
  });

  it('puts nothing back of a backup that was damaged', async () => {
    await stack.stop();
    const object = path.join(saved, 'objects', '00000000');
    expect(existsSync(object)).toBe(true);
    appendFileSync(object, 'x');
    await expect(restoreStack(folder, saved)).rejects.toThrow('is not what was saved');
    appendFileSync(path.join(saved, 'database.dump'), 'x');
    await expect(restoreStack(folder, saved)).rejects.toThrow('database.dump is not what was saved');
    stack = await startStack(folder);
    expect(await ask('look')).toEqual(before);
  });
});
