import { expect, test } from 'vitest';
import { createStrangerDelay } from '../../agent/api/slow-strangers.ts';

const NOW = '2026-01-05T08:00:00.000Z';

/** A delay whose waits end when told. */
function openDelay() {
  const waits: (() => void)[] = [];
  const clock = {
    now: () => NOW,
    wait: () => new Promise<void>((resolve) => void waits.push(resolve)),
    jumpMs: () => 0,
    adopt: () => undefined,
  };
  const delay = createStrangerDelay({ clock });
  const answered: boolean[] = [];
  return {
    waits,
    answered,
    send: async (times: number, address: string) => {
      for (let sent = 0; sent < times; sent += 1) void delay(address).then((isOver) => answered.push(isOver));
      await new Promise(setImmediate);
    },
  };
}

test('a few that are mistaken are answered at once and keep their connection', async () => {
  const { send, waits, answered } = openDelay();
  await send(30, '203.0.113.7');
  expect(waits).toHaveLength(0);
  expect(answered).toEqual(Array.from({ length: 30 }, () => false));
});

test('of one address twenty wait at most; all others are answered at once and lose their connection', async () => {
  const { send, waits, answered } = openDelay();
  await send(30 + 125, '203.0.113.7');
  expect(waits).toHaveLength(20);
  expect(answered.slice(30)).toEqual(Array.from({ length: 105 }, () => true));
  await send(31, '198.51.100.9');
  expect(waits).toHaveLength(21);
  for (const end of waits) end();
  await send(0, '203.0.113.7');
  await send(5, '203.0.113.7');
  expect(waits).toHaveLength(26);
  expect(answered.filter(Boolean)).toHaveLength(126);
});
