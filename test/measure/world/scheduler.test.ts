import { expect, it } from 'vitest';
import { createScheduler } from '../../../measure/world/scheduler.ts';

const ACTOR = { name: 'anyone', isAlive: true };

it('goes on once nothing is ready any more, and lets who breathes go on after what is due next', async () => {
  const time = createScheduler();
  const said: string[] = [];
  const work = async (name: string, breaths: number) => {
    said.push(`${name} begins`);
    for (let awaited = 0; awaited < 100; awaited += 1) await undefined;
    said.push(`${name} is ready`);
    for (let breath = 1; breath <= breaths; breath += 1) {
      await time.breathe();
      said.push(`${name} has breathed ${breath}`);
    }
  };
  for (const [at, name, breaths] of [
    [1, 'first', 2],
    [2, 'second', 0],
    [3, 'third', 0],
    [4, 'fourth', 0],
  ] as const) {
    time.after(at, ACTOR, () => void work(name, breaths));
  }
  await time.run(10, () => {
    said.push(`looked at ${time.elapsed()}`);
    return true;
  });
  expect(said).toEqual([
    ...['first begins', 'first is ready', 'looked at 1'],
    ...['second begins', 'second is ready', 'first has breathed 1', 'looked at 2'],
    ...['third begins', 'third is ready', 'first has breathed 2', 'looked at 3'],
    ...['fourth begins', 'fourth is ready', 'looked at 4'],
  ]);
});
