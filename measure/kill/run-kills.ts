import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { venvProgram } from '../../sandbox/checkout.ts';
import { startMlflow } from '../../sandbox/machine/mlflow-server.ts';
import { type Lane, startLane } from './lane.ts';
import { drawMoments } from './moment.ts';
import { type LaneListener, type LaneResult, runLane } from './run-lane.ts';

type KillOptions = {
  /** Everything that is written lies here; emptied first. */
  readonly folder: string;
  readonly seed: string;
  readonly moments: number;
  /** Plays this one of the moments only. */
  readonly only?: number | undefined;
  /** Serving hosts at work side by side, each with a repository of its own. */
  readonly lanes: number;
  /** Breaks it off; what was started is ended all the same. */
  readonly signal?: AbortSignal;
};

/** Plays the moments of a seed, shared out over the lanes. Ends everything it started, also when it fails or is broken off. */
export async function runKills(options: KillOptions, listener: LaneListener): Promise<readonly LaneResult[]> {
  const { folder, seed, only } = options;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const moments = drawMoments(seed, options.moments).filter(
    ({ index }) => only === undefined || index === only,
  );
  const shares = Array.from({ length: Math.min(options.lanes, moments.length) }, (_, lane) =>
    moments.filter((_moment, order) => order % options.lanes === lane),
  );
  const mlflow = await startMlflow({
    python: venvProgram('python'),
    folder: path.join(folder, 'mlflow'),
    env: process.env,
  });
  const lanes: Lane[] = [];
  try {
    const played = shares.map(async (share, index) => {
      const lane = await startLane(path.join(folder, `lane-${index}`), `tiny-${index}`, mlflow.url);
      lanes.push(lane);
      return runLane(lane, share, listener);
    });
    return await Promise.race([Promise.all(played), rejectWhenAborted(options.signal)]);
  } finally {
    for (const lane of lanes) await lane.stop();
    await mlflow.child.stop();
  }
}

function rejectWhenAborted(signal: AbortSignal | undefined): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal?.addEventListener('abort', () => reject(signal.reason));
  return promise;
}
