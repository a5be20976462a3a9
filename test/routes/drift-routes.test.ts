import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_CONFIG_FILE } from '../../core/names.ts';
import { playDrift } from '../../measure/scenes/drift.ts';
import { quietly } from '../../measure/scenes/scene.ts';
import type { World } from '../../measure/scenes/world.ts';
import { expectAllHeld } from '../acceptance/support/expect-all-held.ts';
import { openRoute, type Route } from './support/open-route.ts';

let route: Route;
beforeAll(async () => {
  route = await openRoute('routes', withoutCooldown);
});
afterAll(() => route?.close());

// In this order: of a champion that came after another, labels that are worse from the first ask for that one.
it('labels alone show that the digits mean something else, and one retrain learns it', async () => {
  expectAllHeld(await playDrift(route.world, route.traffic, quietly, 'labels'));
});

it('cron alone finds that the digits changed while none of the agent’s dispatches arrives, and one retrain learns it', async () => {
  expectAllHeld(await playDrift(route.world, route.traffic, quietly, 'cron'));
});

/** Both retrains are asked for within minutes of each other. */
function withoutCooldown(project: World['project']): World['project'] {
  const text = String(project[DEFAULT_CONFIG_FILE]);
  const shortened = text.replace(/cooldown: \w+/, 'cooldown: 1s');
  expect(shortened).not.toBe(text);
  return { ...project, [DEFAULT_CONFIG_FILE]: shortened };
}
