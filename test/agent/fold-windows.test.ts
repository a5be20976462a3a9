import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pruneStore } from '../../agent/store/prune.ts';
import { readAnswers, readTextsAfter, readWindows } from '../../agent/windows/read-windows.ts';
import { DEFAULT_DRIFT_OPTIONS } from '../../core/drift/drift-options.ts';
import { judgeDrift } from '../../core/drift/judge-drift.ts';
import { buildCohorts } from '../../core/drift/labels/build-cohorts.ts';
import { findSilence } from '../../core/drift/silence.ts';
import { type CaptureWindow, captureWindowSchema } from '../../core/drift/window.ts';
import { profileOf, windowOf } from '../core/drift/drift-data.ts';
import { type FakeHost, openFakeHost } from './support/fake-context.ts';

const MINUTE_MS = 60_000;
const DAYS = 35;
const WINDOWS_PER_DAY = 288;
const [MODEL, VERSION] = ['demo', '7'];

let host: FakeHost;
beforeEach(() => {
  host = openFakeHost({ 'host-name': 'serve-1' });
});
afterEach(() => host.close());

/** Windows of five minutes over 35 days that end at the present of the test; the last ten days are shifted. */
function fill(): void {
  const { store, options } = host.context;
  const begin = Math.ceil(host.world.now / 86_400_000) * 86_400_000 - DAYS * 86_400_000;
  host.world.now = begin + DAYS * 86_400_000;
  store.transaction(() => {
    for (let index = 0; index < DAYS * WINDOWS_PER_DAY; index += 1) {
      const from = begin + index * 5 * MINUTE_MS;
      const moved = index / WINDOWS_PER_DAY > DAYS - 10 ? 0.08 : 0;
      const { seq: _seq, hostId: _hostId, ...counts } = windowOf(0, { n: 2_000 + 10 * (index % 7), moved });
      const rounded = JSON.parse(JSON.stringify(counts), (_key, value) =>
        typeof value === 'number' ? Math.round(value) : value,
      );
      store.windows.add({
        ...rounded,
        host: options.hostName,
        from: new Date(from).toISOString(),
        to: new Date(from + 5 * MINUTE_MS).toISOString(),
      });
    }
  });
}

const read = () => readWindows(host.context, MODEL, VERSION);
const sumOf = (windows: readonly CaptureWindow[]) => windows.reduce((sum, { n }) => sum + n, 0);

describe('the windows of cycles that are over', () => {
  test('are one each, and are judged as before', async () => {
    fill();
    const before = await read();
    await pruneStore(host.context);
    const after = await read();
    expect(before.length).toBe(DAYS * WINDOWS_PER_DAY);
    // A window for each day that is over, for each hour of the last one but six, and those of five minutes since.
    expect(after.length).toBe(DAYS - 1 + 18 + 6 * 12);
    expect(sumOf(after)).toBe(sumOf(before));
    const byHour = Array.from({ length: 24 }, (_, hour) => sumOf(before.slice(12 * hour, 12 * (hour + 1))));
    expect(after[0]?.hours).toEqual(byHour);
    expect(after[DAYS - 1]).toMatchObject({
      n: sumOf(before.slice(-WINDOWS_PER_DAY, 12 - WINDOWS_PER_DAY)),
      from: before.at(-WINDOWS_PER_DAY)?.from,
      to: before.at(11 - WINDOWS_PER_DAY)?.to,
    });
    const later = { version: VERSION, until: new Date(host.world.now + 2 * 3_600_000).toISOString() };
    expect(findSilence(after, later)).toEqual(findSilence(before, later));
    expect(findSilence(after, later)?.code).toBe('zero-traffic');
    const judged = judgeDrift(profileOf(28), after, DEFAULT_DRIFT_OPTIONS);
    expect(judged).toEqual(judgeDrift(profileOf(28), before, DEFAULT_DRIFT_OPTIONS));
    expect(judged.verdict).toBe('fail');
    const counts = [{ day: before[0]?.from.slice(0, 10) ?? '', bin: 0, labelled: 1, correct: 1 }];
    expect(buildCohorts(await readAnswers(host.context, MODEL, VERSION), counts, 3)).toEqual(
      buildCohorts(before, counts, 3),
    );
    await pruneStore(host.context);
    expect(await read()).toEqual(after);
  });

  test('keep their place: who has read up to one reads on behind it', async () => {
    fill();
    const { store } = host.context;
    const ofDay = (day: number) => day * WINDOWS_PER_DAY;
    await pruneStore(host.context);
    const texts = await readTextsAfter(host.context, MODEL, ofDay(20));
    const page = texts.map((text) => captureWindowSchema.parse(JSON.parse(text)));
    expect(page[0]).toMatchObject({ seq: ofDay(21), hostId: store.hostId });
    expect(page.at(-1)?.seq).toBe(ofDay(DAYS));
  });

  test('are read piece by piece: what else there is to do comes in between', async () => {
    fill();
    let turns = 0;
    let isReading = true;
    const count = () => {
      turns += 1;
      if (isReading) setImmediate(count);
    };
    setImmediate(count);
    const { length } = await read();
    isReading = false;
    expect(turns).toBeGreaterThanOrEqual(length / 8);
  });

  test('never mix cycles, however these lie in an hour', async () => {
    host.close();
    host = openFakeHost({ 'host-name': 'serve-1', 'drift-cycle-seconds': '1500' });
    fill();
    const cycles = (windows: readonly CaptureWindow[]) =>
      judgeDrift(profileOf(28), windows, { ...DEFAULT_DRIFT_OPTIONS, cycleSeconds: 1_500 });
    const before = cycles(await read());
    await pruneStore(host.context);
    expect((await read()).length).toBeLessThan((DAYS * 86_400) / 1_500 + 100);
    expect(cycles(await read())).toEqual(before);
  });

  test('stay single while no answer has come since: what was put right in the last of them stays so', async () => {
    fill();
    const { store } = host.context;
    const before = await read();
    const { seq: _seq, hostId: _hostId, ...last } = before.at(-1) ?? windowOf(0);
    const add = (counted: Partial<CaptureWindow>) => {
      const from = new Date(host.world.now - 5 * MINUTE_MS).toISOString();
      store.windows.add({ ...last, from, to: new Date(host.world.now).toISOString(), ...counted });
    };
    host.world.now += 2 * 86_400_000;
    add({ n: 0, refused: 9 });
    await pruneStore(host.context);
    expect((await read()).slice(-13, -1)).toEqual(before.slice(-12));
    add({});
    await pruneStore(host.context);
    // The first day is kept however old it is, and today has two windows.
    expect((await read()).length).toBe(DAYS + 2);
  });
});
