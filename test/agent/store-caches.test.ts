import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../agent/store/store.ts';
import { NO_COUNTS } from '../../agent/traffic/version-reading.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'trainyard-store-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const countSchema = z.object({ at: z.string(), count: z.number() });

function open() {
  return openStore(join(folder, 'agent.db'));
}

it('remembers what was put last, and what was undone not at all', () => {
  const store = open();
  const count = () => store.getMemory('key', countSchema)?.count;
  expect(count()).toBeUndefined();
  store.putMemory('key', { at: '2026-01-05T08:00:00.000Z', count: 1 });
  expect(count()).toBe(1);
  const fail = () =>
    store.transaction(() => {
      store.putMemory('key', { at: '2026-01-05T08:00:00.000Z', count: 2 });
      expect(count()).toBe(2);
      throw new Error('the disk is full');
    });
  expect(fail).toThrow('the disk is full');
  expect(count()).toBe(1);
  store.close();
});

it('reads what was put by the schema that it is asked for by as the next agent reads it', () => {
  const store = open();
  const value = { at: '2026-01-05T08:00:00.000Z', count: 1 };
  store.putMemory('key', value, countSchema);
  expect(store.getMemory('key', countSchema)).toBe(value);
  expect(store.getMemory('key', z.object({ count: z.number() }))).toEqual({ count: 1 });
  store.putMemory('key', { ...value, count: 2 });
  expect(store.getMemory('key', countSchema)).toEqual({ ...value, count: 2 });
  store.close();
  const next = open();
  expect(next.getMemory('key', countSchema)).toEqual({ ...value, count: 2 });
  next.close();
});

it('reads a memory by the schema that is asked for, each time', () => {
  const store = open();
  store.putMemory('key', { at: '2026-01-05T08:00:00.000Z', count: 1 });
  expect(store.getMemory('key', countSchema)).toEqual({ at: '2026-01-05T08:00:00.000Z', count: 1 });
  expect(store.getMemory('key', z.object({ count: z.number() }))).toEqual({ count: 1 });
  expect(() => store.getMemory('key', z.string())).toThrow();
  store.close();
});

it('knows after a jump of the clock what was moved, and after the end of a version what it forgot', () => {
  const store = open();
  store.putMemory('windows/demo/1', { at: '2026-01-05T08:00:00.000Z', count: 1 });
  expect(store.getMemory('windows/demo/1', countSchema)?.at).toBe('2026-01-05T08:00:00.000Z');
  store.shiftInstants(60_000);
  expect(store.getMemory('windows/demo/1', countSchema)?.at).toBe('2026-01-05T08:01:00.000Z');
  store.deleteInstance('demo', '1');
  expect(store.getMemory('windows/demo/1', countSchema)).toBeUndefined();
  store.close();
});

it('gives an observation that it wrote as the next agent reads it', () => {
  const store = open();
  store.addObservation('demo', 'demo/production/v2/7', {
    ...{ host: 'serve-1', at: '2026-01-05T08:00:05.000Z', seconds: 5, stage: 0, weights: { candidate: 10 } },
    ...{ candidate: NO_COUNTS, stable: { ...NO_COUNTS, requests: 9 } },
  });
  const written = store.observations('demo', undefined, 0);
  store.close();
  const next = open();
  expect(next.observations('demo', undefined, 0)).toStrictEqual(written);
  expect(written).toHaveLength(1);
  next.close();
});
