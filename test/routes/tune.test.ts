import { afterAll, beforeAll, it } from 'vitest';
import { quietly } from '../../measure/scenes/scene.ts';
import { playTune } from '../../measure/scenes/tune.ts';
import { expectAllHeld } from '../acceptance/support/expect-all-held.ts';
import { openRoute, type Route } from './support/open-route.ts';

let route: Route;
beforeAll(async () => {
  route = await openRoute('tune');
});
afterAll(() => route?.close());

it('a comment searches, its pull request is merged, and a production run with what was found is promoted', async () => {
  expectAllHeld(await playTune(route.world, route.traffic, quietly));
});
