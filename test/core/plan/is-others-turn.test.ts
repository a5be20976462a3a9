import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { isOthersTurn } from '../../../core/plan/is-others-turn.ts';

/** How many of these hosts are heard with this reminder. */
function heardOf(ids: readonly string[], reminder: unknown): number {
  return ids.filter((hostId) => !isOthersTurn({ hostId, reminder, hosts: ids.length })).length;
}

const fleetOf = (hosts: number) => Array.from({ length: hosts }, () => randomUUID());

it('hears the first report of every host, and what says nothing that can be read of reminders', () => {
  for (const reminder of [undefined, 0, -1, 1.5, 'one']) expect(heardOf(fleetOf(20), reminder)).toBe(20);
  expect(isOthersTurn({ hostId: undefined, reminder: 1, hosts: 20 })).toBe(false);
});

it('hears every reminder of a host that is alone', () => {
  for (const reminder of [1, 2, 3, 4]) expect(heardOf(fleetOf(1), reminder)).toBe(1);
});

it('hears each host once in as many reminders as there are hosts', () => {
  const ids = fleetOf(20);
  const heard = ids.map((_, index) => heardOf(ids, index + 1));
  expect(heard.reduce((sum, count) => sum + count, 0)).toBe(20);
});
