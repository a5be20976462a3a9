import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { wait } from '../../agent/machine/wait.ts';

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

test('a wait lasts as long as it is to', async () => {
  const begun = performance.now();
  await wait(30);
  expect(performance.now() - begun).toBeGreaterThan(28);
});

test('a wait that is called off rejects with the reason, and leaves no timer behind', async () => {
  const stop = new AbortController();
  const before = timers();
  const waiting = wait(60_000, stop.signal);
  stop.abort('woken');
  await expect(waiting).rejects.toBe('woken');
  await expect(wait(60_000, stop.signal)).rejects.toBe('woken');
  expect(timers()).toBe(before);
});

test('what is due comes between two waits of no time', async () => {
  let isDue = false;
  const due = sleep(5).then(() => {
    isDue = true;
  });
  for (const begun = performance.now(); performance.now() - begun < 10; );
  await wait(0);
  await wait(0);
  expect(isDue).toBe(true);
  await due;
});

test('a wait of no time is called off, too', async () => {
  const stop = new AbortController();
  const waiting = wait(0, stop.signal);
  stop.abort('woken');
  await expect(waiting).rejects.toBe('woken');
});
