import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_CONFIG_FILE } from '../../core/names.ts';
import { playDrift } from '../../measure/scenes/drift.ts';
import { playFirstTrain } from '../../measure/scenes/first-train.ts';
import { quietly, type SceneResult } from '../../measure/scenes/scene.ts';
import { MODEL, startWorld, type World } from '../../measure/scenes/world.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { type SteadyTraffic, startTraffic } from '../../sandbox/traffic/traffic.ts';

let folder: string;
let world: World;
let traffic: SteadyTraffic;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-routes-'));
  const started = await startWorld(folder, quietly);
  world = { ...started, project: withoutCooldown(started.project) };
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

// In this order: of a champion that came after another, labels that are worse from the first ask for that one.
it('labels alone show that the digits mean something else, and one retrain learns it', async () => {
  expectAllHeld(await playDrift(world, traffic, quietly, 'labels'));
});

it('cron alone finds that the digits changed while none of the agent’s dispatches arrives, and one retrain learns it', async () => {
  expectAllHeld(await playDrift(world, traffic, quietly, 'cron'));
});

/** Both retrains are asked for within minutes of each other. */
function withoutCooldown(project: World['project']): World['project'] {
  const text = String(project[DEFAULT_CONFIG_FILE]);
  const shortened = text.replace(/cooldown: \w+/, 'cooldown: 1s');
  expect(shortened).not.toBe(text);
  return { ...project, [DEFAULT_CONFIG_FILE]: shortened };
}

function expectAllHeld({ checks }: SceneResult): void {
  expect(checks.filter(({ held }) => !held)).toEqual([]);
}
