import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { playFirstTrain } from '../../measure/scenes/first-train.ts';
import { quietly, type SceneResult } from '../../measure/scenes/scene.ts';
import { playTune } from '../../measure/scenes/tune.ts';
import { MODEL, startWorld, type World } from '../../measure/scenes/world.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { type SteadyTraffic, startTraffic } from '../../sandbox/traffic/traffic.ts';

let folder: string;
let world: World;
let traffic: SteadyTraffic;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-tune-'));
  world = await startWorld(folder, quietly);
  expectAllHeld(await playFirstTrain(world, quietly));
  const { dataPlane } = world.host;
  traffic = startTraffic({ dataPlane, model: MODEL, perSecond: 20, digits: loadDigits(60) });
  traffic.setSizes([6]);
});
afterAll(async () => {
  await traffic?.stop();
  await world?.stop();
  discard(folder);
});

it('a comment searches, its pull request is merged, and a production run with what was found is promoted', async () => {
  expectAllHeld(await playTune(world, traffic, quietly));
});

function expectAllHeld({ checks }: SceneResult): void {
  expect(checks.filter(({ held }) => !held)).toEqual([]);
}
