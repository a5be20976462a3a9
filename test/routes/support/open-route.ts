import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { playFirstTrain } from '../../../measure/scenes/first-train.ts';
import { quietly } from '../../../measure/scenes/scene.ts';
import { MODEL, startWorld, type World } from '../../../measure/scenes/world.ts';
import { discard } from '../../../sandbox/machine/discard.ts';
import { loadDigits } from '../../../sandbox/traffic/digits.ts';
import { type SteadyTraffic, startTraffic } from '../../../sandbox/traffic/traffic.ts';
import { expectAllHeld } from '../../acceptance/support/expect-all-held.ts';

/** A world whose first model serves steady traffic. */
export type Route = {
  readonly world: World;
  readonly traffic: SteadyTraffic;
  readonly close: () => Promise<void>;
};

/** Starts such a world in a folder of its own, its project `changed`; whoever opens it closes it. */
export async function openRoute(
  name: string,
  changed: (project: World['project']) => World['project'] = (project) => project,
): Promise<Route> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `trainyard-${name}-`));
  const ends: (() => Promise<unknown>)[] = [async () => discard(folder)];
  const close = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const started = await startWorld(folder, quietly);
    ends.push(() => started.stop());
    const world = { ...started, project: changed(started.project) };
    expectAllHeld(await playFirstTrain(world, quietly));
    const { dataPlane } = world.host;
    const traffic = startTraffic({ dataPlane, model: MODEL, perSecond: 20, digits: loadDigits(60) });
    ends.push(() => traffic.stop());
    traffic.setSizes([6]);
    return { world, traffic, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
