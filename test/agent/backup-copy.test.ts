import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { backUp } from '../../agent/backup/back-up.ts';
import { copyOf } from '../../agent/backup/copy-database.ts';
import { pruneStore } from '../../agent/store/prune.ts';
import { UserError } from '../../core/errors.ts';
import { problemSchema } from '../../core/serving/api.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

const DAY_MS = 86_400_000;
const RESERVED = ['--reserve-bytes', String(2 ** 52)] as const;

let folder: string;
let host: FakeHost;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  host = openFakeHost();
});
afterEach(() => {
  host.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('a copy of the database leaves what is kept free alone', () => {
  test('when a running agent is asked for it', async () => {
    host.close();
    host = openFakeHost({ [RESERVED[0].slice(2)]: RESERVED[1] });
    const app = createApp(createAgent(host.context), 'open');
    const answer = await askApp(app, '/v1/backup', { method: 'POST' });
    expect(answer.status).toBe(507);
    const said = problemSchema.parse(await answer.json());
    expect(said).toMatchObject({ code: 'no-room-for-copy' });
    expect(said.detail).toContain(`${RESERVED[1]} bytes are kept free`);
    expect(existsSync(dirname(copyOf(host.folder)))).toBe(false);
  });

  test('when no agent runs', async () => {
    const file = join(folder, 'host.tar');
    await host.leaveTo(async () => {
      const work = backUp([file, '--data-dir', host.folder, ...RESERVED], {});
      const thrown = await work.catch((caught: unknown) => caught);
      if (!(thrown instanceof UserError)) throw thrown;
      expect(thrown.problems).toMatchObject([{ code: 'no-room-for-copy' }]);
    });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('of what a backup left behind', () => {
  const within = (...names: readonly string[]) => join(host.folder, 'backup', ...names);
  /** Written so many days before the present of the test. */
  function leave(days: number, ...names: readonly string[]): void {
    mkdirSync(dirname(within(...names)), { recursive: true });
    writeFileSync(within(...names), 'a copy');
    date(days, ...names);
  }
  function date(days: number, ...names: readonly string[]): void {
    const at = (host.world.now - days * DAY_MS) / 1_000;
    utimesSync(within(...names), at, at);
  }

  test('what nobody wrote to for a day goes', async () => {
    leave(1.1, 'agent.db');
    leave(1.1, 'b-killed', 'agent.db');
    date(1.1, 'b-killed');
    await pruneStore(host.context);
    expect(readdirSync(within())).toEqual([]);
    expect(host.world.log).toEqual([]);
  });

  test('what is being written stays, however old its folder is', async () => {
    leave(0.9, 'agent.db');
    leave(0, 'agent.db.part');
    leave(0.1, 'b-packed', 'agent.db');
    date(2, 'b-packed');
    await pruneStore(host.context);
    expect(readdirSync(within()).toSorted()).toEqual(['agent.db', 'agent.db.part', 'b-packed']);
    expect(existsSync(within('b-packed', 'agent.db'))).toBe(true);
  });
});
