import { expect, test } from 'vitest';
import { ATTACKERS } from '../../../measure/attack/attempts.ts';

/** Plays an attempt of the list: `work` tries it with all its means, and gives the code or the words that it ended with. */
export function play(id: string, work: () => Promise<string>): void {
  const found = ATTACKERS.flatMap(([, attempts]) => attempts).find((attempt) => attempt.id === id);
  if (found === undefined) throw new Error(`There is no attempt ${id} in measure/attack/attempts.`);
  test(`${id}: ${found.tries}`, async () => {
    expect(await work()).toBe(found.by);
  });
}
