import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp, listenLocally } from '../../agent/api/server.ts';
import { readAudit } from '../../agent/audit/audit-log.ts';
import { backUp } from '../../agent/backup/back-up.ts';
import { restore } from '../../agent/backup/restore.ts';
import { takeBackByHand } from '../../agent/by-hand.ts';
import { databaseFile, localSocket } from '../../agent/options/options.ts';
import { numberOn } from '../../agent/store/number-on.ts';
import { openStore } from '../../agent/store/store.ts';
import { startAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { arm, poll } from '../core/rollout/observations.ts';
import { problemOf } from '../fixtures/problem-of.ts';
import { MODEL, useCanaryHost } from './support/canary-host.ts';
import { MODEL as DOUBLER, deployVersion, settled, shift } from './support/deploy.ts';

const on = useCanaryHost();

let folder: string;
let file: string;
let next: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  file = join(folder, 'host.tar');
  next = join(folder, 'n');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const backUpHere = (dataDir = on.host.folder) => backUp([file, '--data-dir', dataDir], {});
const restoreHere = () => restore([file, '--data-dir', next], {});

/** The backup with a change to its files. */
async function changed(change: (unpacked: string) => void): Promise<void> {
  await on.host.leaveTo(async () => void (await backUpHere()));
  const unpacked = join(folder, 'u');
  mkdirSync(unpacked);
  execFileSync('tar', ['-xf', file, '-C', unpacked]);
  change(unpacked);
  execFileSync('sh', ['-c', 'tar -cf "$1" $(find . -mindepth 1 ! -type d | sed "s,^\\./,,")', 'sh', file], {
    cwd: unpacked,
  });
}

test('a host that was restored is the same, knows what was taken back, and numbers beyond what was seen', async () => {
  await on.startCanary();
  await on.poll(300, 150);
  await on.poll(600, 300);
  expect(on.traffic()?.brake?.version).toBe('2');
  const { store } = on.host.context;
  const before = { hostId: store.hostId, traffic: on.traffic(), instances: store.instances() };
  const lastSeq = on.observations().at(-1)?.seq ?? 0;
  await on.host.leaveTo(async () => {
    const { lines } = await backUpHere();
    expect(lines.join()).toContain(`4 files of packages, of the host ${before.hostId}`);
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const { lines } = await restoreHere();
  expect(lines[0]).toContain(`${MODEL} version 1, and that version 2 was taken back`);
  expect(lines.join(' ')).toContain('two hosts of one id are refused');
  const after = openStore(databaseFile(next));
  expect(after.hostId).toBe(before.hostId);
  expect(after.getTraffic(MODEL)?.traffic).toEqual(before.traffic);
  expect(after.instances()).toEqual(before.instances);
  const { seq: _seq, hostId: _hostId, ...seen } = poll(0, { candidate: arm(1), stable: arm(1) });
  after.addObservation(MODEL, 'r9', seen);
  expect(after.observations(MODEL, 'r9', 0)[0]?.seq).toBeGreaterThan(lastSeq + 999_999_999);
  after.close();
  expect(readdirSync(next).toSorted()).toEqual(expect.arrayContaining(['agent.db', 'packages']));
});

test('beside a running agent the copy is made by it, is whole, and is in its record', async () => {
  const app = createApp(on.agent, 'open');
  const local = await listenLocally(app, on.host.context.log, localSocket(on.host.folder));
  try {
    await backUpHere();
    expect(readAudit(on.host.folder, 9)).toMatchObject([
      { path: '/v1/backup', by: { kind: 'on-host' }, status: 200 },
    ]);
  } finally {
    local.close();
  }
  // What comes after it is in no backup.
  on.host.context.store.putMemory('later', { seq: 1 });
  await restoreHere();
  const restored = openStore(databaseFile(next));
  expect(restored.instances()).toHaveLength(2);
  restored.close();
  // Nothing of the work is left in the folder.
  expect(readdirSync(join(on.host.folder, 'backup'))).toEqual([]);
  expect(existsSync(`${file}.part`)).toBe(false);
});

/** The number that the next of what is counted gets, in the database of a folder that no agent runs on. */
function nextNumber(dataDir: string): number {
  const store = openStore(databaseFile(dataDir));
  const { seq: _seq, hostId: _hostId, ...seen } = poll(0, { candidate: arm(1), stable: arm(1) });
  store.addObservation(MODEL, 'r9', seen);
  const number = store.observations(MODEL, 'r9', 0).at(-1)?.seq ?? 0;
  store.close();
  return number;
}

/** A time that the clock of a database, which knows whole seconds, is not before. */
const secondOf = (ms: number) => Math.trunc(ms / 1_000) * 1_000;

test('whoever restores one backup again later gives none of the numbers that the earlier host may have given', async () => {
  await on.host.leaveTo(async () => void (await backUpHere()));
  const first = Date.now();
  await restoreHere();
  const given = nextNumber(next);
  expect(given).toBeGreaterThan(secondOf(first));
  // What was restored is backed up, and that is restored once more: its numbers are of the clock, too, and not ahead of it.
  await backUpHere(next);
  await waitFor(async () => secondOf(Date.now()) > given, 'a later second', 10_000);
  rmSync(next, { recursive: true });
  const second = secondOf(Date.now());
  await restoreHere();
  const number = nextNumber(next);
  expect(number).toBeGreaterThan(second);
  expect(number).toBeLessThan(Date.now() + 10_000);
});

test('a clock that was set back lets no number be given twice', () => {
  const database = databaseFile(folder);
  const store = openStore(database);
  const { seq: _seq, hostId: _hostId, ...seen } = poll(0, { candidate: arm(1), stable: arm(1) });
  store.addObservation(MODEL, 'r8', seen);
  store.close();
  const ahead = Date.now() + 86_400_000;
  const raw = new DatabaseSync(database);
  raw.prepare('UPDATE sqlite_sequence SET seq = ?').run(ahead);
  raw.close();
  numberOn(database);
  const number = nextNumber(folder);
  expect(number).toBeGreaterThan(ahead + 1_000_000_000);
  expect(Number.isSafeInteger(number)).toBe(true);
});

test('packages that are touched while they are packed, and strange files beside the record, keep no backup from being one', async () => {
  const at = (name: string) => join(on.host.folder, name);
  mkdirSync(at('audit'), { recursive: true });
  writeFileSync(at('audit/changes.jsonl'), 'a call\n');
  writeFileSync(at('audit/changes.jsonl.swp'), 'an editor');
  // As whoever asks for a package touches it: at each block that tar writes.
  const touch = `touch ${at('packages')}/* ${at('audit/changes.jsonl')}`;
  vi.stubEnv('TAR_OPTIONS', `--blocking-factor=1 --checkpoint=10 --checkpoint-action=exec='${touch}'`);
  await on.host.leaveTo(async () => void (await backUpHere().finally(() => vi.unstubAllEnvs())));
  await restoreHere();
  expect(readdirSync(join(next, 'audit'))).toEqual(['changes.jsonl']);
  expect(readFileSync(join(next, 'audit/changes.jsonl'), 'utf8')).toBe('a call\n');
  expect(readdirSync(join(next, 'packages')).length).toBeGreaterThan(1);
});

describe('nothing is restored', () => {
  test('into a folder that is not empty', async () => {
    await on.host.leaveTo(async () => void (await backUpHere()));
    mkdirSync(next);
    writeFileSync(join(next, 'here'), '');
    expect(await problemOf(restoreHere())).toMatchObject({ code: 'data-folder-not-empty' });
    expect(readdirSync(next)).toEqual(['here']);
  });

  test.each<[string, (unpacked: string) => void, RegExp]>([
    [
      'a package that was changed',
      (at) => {
        const [name = ''] = readdirSync(join(at, 'packages'));
        chmodSync(join(at, 'packages', name), 0o600);
        writeFileSync(join(at, 'packages', name), 'something else');
      },
      /not what its name says/,
    ],
    ['a database that was cut off', (at) => truncateSync(join(at, 'agent.db'), 9_000), /damaged/],
    [
      'a database of another host',
      (at) => {
        const about = join(at, 'backup.json');
        writeFileSync(
          about,
          readFileSync(about, 'utf8').replace(
            /"hostId":"[^"]+"/,
            '"hostId":"c0ffee00-0000-4000-8000-000000000001"',
          ),
        );
      },
      /another host/,
    ],
    [
      'a file that is none of a backup',
      (at) => writeFileSync(join(at, 'agent.sock'), ''),
      /it holds agent\.sock/,
    ],
    [
      'a link',
      (at) => {
        rmSync(join(at, 'backup.json'));
        execFileSync('ln', ['-s', '/etc/passwd', join(at, 'backup.json')]);
      },
      /backup\.json is no file in it/,
    ],
    ['no database', (at) => rmSync(join(at, 'agent.db')), /it has no agent\.db/],
    [
      'a database of a later agent',
      (at) => {
        const database = new DatabaseSync(join(at, 'agent.db'));
        database.exec('PRAGMA user_version = 99');
        database.close();
      },
      /written by a later agent: its schema is 99/,
    ],
  ])('of %s', async (_what, change, why) => {
    await changed(change);
    expect((await problemOf(restoreHere()))?.message).toMatch(why);
    expect(readdirSync(next)).toEqual([]);
  });

  test('of a file that is cut off, or is not there', async () => {
    await on.host.leaveTo(async () => void (await backUpHere()));
    truncateSync(file, 700);
    expect((await problemOf(restoreHere()))?.code).toMatch(/^backup-(?:damaged|failed)$/);
    rmSync(file);
    expect((await problemOf(restoreHere()))?.code).toBe('backup-failed');
    expect(readdirSync(next)).toEqual([]);
  });
});

test.skipIf(process.getuid?.() !== 0)(
  'another user than the agent’s writes nothing into its folder, which it could not read then',
  async () => {
    await on.host.leaveTo(async () => {
      chownSync(on.host.folder, 65_534, 65_534);
      expect(await problemOf(backUpHere())).toMatchObject({ code: 'other-user' });
      expect(existsSync(join(on.host.folder, 'backup'))).toBe(false);
      chownSync(on.host.folder, 0, 0);
      await backUpHere();
    });
    mkdirSync(next);
    chownSync(next, 65_534, 65_534);
    expect(await problemOf(restoreHere())).toMatchObject({ code: 'other-user' });
    expect(readdirSync(next)).toEqual([]);
  },
);

test('a folder without a database is no host', async () => {
  expect(await problemOf(backUpHere(folder))).toMatchObject({
    remedy: expect.stringContaining('--data-dir'),
  });
  expect(existsSync(file)).toBe(false);
});

test('an older agent refuses a database of a later one by name, and leaves it as it is', () => {
  const database = join(folder, 'agent.db');
  openStore(database).close();
  const later = new DatabaseSync(database);
  later.exec('PRAGMA user_version = 99');
  later.close();
  expect(() => openStore(database)).toThrow(/written by a later agent.*restore a backup/s);
  const left = new DatabaseSync(database);
  expect(left.prepare('PRAGMA user_version').get()).toEqual({ user_version: 99 });
  left.close();
});

test.skipIf(!HAS_TOOLCHAIN)(
  'a real agent on a restored folder answers with the same version, and remembers what was taken back',
  async () => {
    const agent = await startAgent();
    try {
      for (const version of ['1', '2'])
        expect(await deployVersion(agent, { version, behaviour: { offset: Number(version) } })).toMatchObject(
          {
            state: 'ready',
          },
        );
      await shift(agent, { stable: '2', candidatePercent: 0, shadow: false });
      await takeBackByHand(['--data-dir', join(agent.folder, 'd'), '--model', DOUBLER, '--to', '1'], {});
      const { hostId } = await agent.client.state();
      await backUpHere(join(agent.folder, 'd'));
      await agent.down();
      await restoreHere();
      const again = await startAgent({ 'data-dir': next });
      try {
        expect(await settled(again, '1')).toMatchObject({ state: 'ready' });
        expect((await again.client.state()).hostId).toBe(hostId);
        // Its server is begun anew: what was stored said that it was ready.
        const answer = await waitFor(
          async () => {
            const given = await fetch(again.predictions, {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ inputs: [3] }),
            });
            const body: unknown = await given.json();
            return given.status === 200 && { version: given.headers.get('x-trainyard-version'), body };
          },
          'an answer of the restored host',
          120_000,
        );
        expect(answer).toMatchObject({ version: '1', body: { predictions: [7] } });
        expect(await again.client.getTraffic(DOUBLER)).toMatchObject({
          stable: '1',
          brake: { version: '2', code: 'by-hand' },
        });
      } finally {
        await again.down();
      }
    } finally {
      await agent.down();
    }
  },
  // Four starts of a model server, one after the other.
  480_000,
);
