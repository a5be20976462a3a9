import process from 'node:process';
import { readPipSettings } from '../../adapters/images/pip.ts';
import type { DockerHost } from '../../sandbox/docker/docker-host.ts';
import { loadDigits } from '../../sandbox/traffic/digits.ts';
import { startTraffic } from '../../sandbox/traffic/traffic.ts';
import type { TestOutcome } from '../counts.ts';
import { playBadModel } from './bad-model.ts';
import { playFirstTrain } from './first-train.ts';
import { failedChecks, renderScenes } from './report.ts';
import { playRetrainByComment } from './retrain-by-comment.ts';
import type { SceneResult } from './scene.ts';
import { MODEL, type ServingHost, startWorld, type World } from './world.ts';

/** Clients of the demonstration, at a rate that leaves room for the containers. */
const REQUESTS_PER_SECOND = 15;
const DIGITS_PER_REQUEST = 4;
const DIGITS_PER_LABEL = 60;

/** Plays first train, retrain and bad model on a host that runs containers. Gives each check as a test. */
export async function playScenesOnDocker(docker: DockerHost, folder: string): Promise<TestOutcome> {
  const world = await startWorld(folder, console.log, await servingHostOf(docker));
  try {
    const results = await play(world);
    console.log(`\n${renderScenes(results)}\n`);
    const failed = failedChecks(results);
    const checks = results.reduce((sum, scene) => sum + scene.checks.length, 0);
    return { counts: { passed: checks - failed.length, failed: failed.length, skipped: 0 }, failed };
  } finally {
    await world.stop();
  }
}

async function play(world: World): Promise<readonly SceneResult[]> {
  const first = await playFirstTrain(world, console.log);
  if (first.checks.some(({ held }) => !held)) return [first];
  const traffic = startTraffic({
    dataPlane: world.host.dataPlane,
    model: MODEL,
    perSecond: REQUESTS_PER_SECOND,
    digits: loadDigits(DIGITS_PER_LABEL),
  });
  traffic.setSizes([DIGITS_PER_REQUEST]);
  const retrained = await playRetrainByComment(world, traffic, console.log);
  const bad = await playBadModel(world, traffic, console.log);
  await traffic.stop();
  return [first, retrained, bad];
}

async function servingHostOf({ host, network, base, registry }: DockerHost): Promise<ServingHost> {
  // The jobs have a home folder of their own, without this user's settings of pip.
  const pip = Object.entries(await readPipSettings(process.env)).map(
    ([name, value]) => [`PIP_${name.toUpperCase().replaceAll('-', '_')}`, value] as const,
  );
  return {
    flags: {
      runtime: 'docker',
      'docker-host': host,
      'docker-network': network,
      'docker-memory-bytes': String(2 ** 31),
    },
    env: { ...Object.fromEntries(pip), DOCKER_HOST: host, TRAINYARD_BUILD_NETWORK: 'host' },
    configuration: { repository: `${registry}/team/${MODEL}`, image: base },
  };
}
