import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { pruneStore } from '../../agent/store/prune.ts';
import { readAnswers } from '../../agent/windows/read-windows.ts';
import type { CaptureWindow } from '../../core/drift/window.ts';
import { windowsSchema } from '../../core/serving/api.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { windowOf } from '../core/drift/drift-data.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';
import { whileTurning } from './support/while-turning.ts';

const DAYS = 60;
/** Windows that are read in one go at most. */
const PIECE = 8;

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost();
  const { store } = host.context;
  store.transaction(() => {
    for (let day = 0; day < DAYS; day += 1) {
      const { seq: _seq, hostId: _hostId, ...window } = windowOf(day, { n: 2_000 + day });
      const rounded = JSON.parse(JSON.stringify(window), (_key, value) =>
        typeof value === 'number' ? Math.round(value) : value,
      );
      store.windows.add(rounded);
    }
  });
});
afterEach(() => host.close());

/** What a monitor reads, as text. */
async function ask(): Promise<string> {
  const app = createApp(createAgent(host.context));
  const headers = { authorization: `Bearer ${TOKENS.reader}` };
  return (await askApp(app, '/v1/models/demo/windows?after=0', { headers })).text();
}

/** Makes one window of the last two. */
function foldLast(): void {
  const { windows } = host.context.store;
  const pair = windows.spans(windows.numbersAfter('demo', 0).slice(-2), '9999');
  const [before, last] = pair.map(({ seq }) => windows.bySeq(seq));
  if (before === undefined || last === undefined) throw new Error('no two windows are left');
  const { seq: _seq, hostId: _hostId, ...one } = { ...last, from: before.from, n: before.n + last.n };
  windows.replace(pair, one);
}

const total = (windows: readonly CaptureWindow[]) => windows.reduce((sum, { n }) => sum + n, 0);
const readWhole = (text: string) => windowsSchema.parse(JSON.parse(text)).windows;
const ALL = Array.from({ length: DAYS }, (_, day) => 2_000 + day).reduce((sum, n) => sum + n, 0);

test('a monitor is given windows that were read a few at a time, as they are kept', async () => {
  const { windows } = host.context.store;
  const kept = windows.texts(windows.numbersAfter('demo', 0));
  const { answer, turns } = await whileTurning(ask());
  expect(answer).toBe(`{"windows":[${kept.join(',')}]}`);
  expect(turns).toBeGreaterThanOrEqual(Math.floor(DAYS / PIECE));
});

test('no window at all is an answer', async () => {
  host.context.store.windows.forget({ model: 'demo', version: '7' }, { before: '9999', keep: 0 });
  expect(await ask()).toBe('{"windows":[]}');
});

test('what becomes one window while all are read is told once', async () => {
  const { answer } = await whileTurning(ask(), (turn) => {
    if (turn === 3) foldLast();
  });
  const windows = readWhole(answer);
  expect(windows).toHaveLength(DAYS - 1);
  expect(total(windows)).toBe(ALL);
});

test('windows that go on becoming one are told all the same, and once', async () => {
  const { answer } = await whileTurning(ask(), (turn) => {
    if (turn < DAYS - 1) foldLast();
  });
  expect(total(readWhole(answer))).toBe(ALL);
});

test('what was answered is read a few windows at a time', async () => {
  const { windows } = host.context.store;
  const { answer, turns } = await whileTurning(readAnswers(host.context, 'demo', '7'));
  expect(answer).toEqual(windows.answers(windows.numbersOf('demo', '7')));
  expect(turns).toBeGreaterThanOrEqual(Math.floor(DAYS / PIECE));
});

test('to see which windows become one, they are looked at a few at a time', async () => {
  const { store } = host.context;
  const looked: number[] = [];
  const windows = {
    ...store.windows,
    spans: (...[seqs, endedBy]: Parameters<typeof store.windows.spans>) => {
      looked.push(seqs.length);
      return store.windows.spans(seqs, endedBy);
    },
  };
  await pruneStore({ ...host.context, store: { ...store, windows } });
  expect(looked.length).toBeGreaterThan(0);
  expect(Math.max(...looked)).toBeLessThan(DAYS);
});
