import { type Draws, makeDraws } from '../../simulate/draws.ts';
import { drawCommands, drawHostFault, drawJobFault, drawSiteFault } from './draw-injections.ts';
import { drawMisfortune } from './draw-misfortune.ts';
import { pick } from './pick.ts';
import { HEALTHY, type Injection, type Setup, type VersionBehaviour, type WorldSchedule } from './setup.ts';

/** When the first thing happens, and the last, in ms. */
const FIRST_MS = 12_000;
const LAST_MS = 110_000;
const MOST_INJECTIONS = 9;

/** The schedule of a seed: its world, and what is done to it, in the order of time. */
export function drawSchedule(seed: number): WorldSchedule {
  const draws = makeDraws(`schedule/${seed}`);
  const setup = drawSetup(draws);
  const injections: Injection[] = [{ at: FIRST_MS, kind: 'comment', by: 'ann', text: '/deploy v2' }];
  const count = Math.floor(draws.uniform() ** 1.5 * (MOST_INJECTIONS + 1));
  for (let index = 0; index < count; index += 1) injections.push(...drawInjections(draws, setup));
  return { seed, setup, injections: injections.toSorted((left, right) => left.at - right.at) };
}

function drawSetup(draws: Draws): Setup {
  const chance = (share: number) => draws.uniform() < share;
  const hosts = chance(0.25) ? 3 : 2;
  return {
    hosts,
    rate: pick(draws, [2, 10, 20, 40]),
    malformed: pick(draws, [0, 0, 0.05, 0.1]),
    clientTimeoutMs: pick(draws, [1_000, 5_000, 10_000]),
    versions: drawVersions(draws),
    maxUnavailable: chance(0.3) ? 1 : 0,
    shadowSeconds: chance(0.1) ? 15 : 0,
    detach: chance(0.2),
    listens: chance(0.5),
    controlRunners: chance(0.5) ? 2 : 3,
    approvalSeconds: chance(0.15) ? 20 : 0,
    sameName: chance(0.05),
    quickRunners: chance(0.5),
  };
}

/** The first serves when the world begins. Sometimes all are alike in what is wrong with them. */
function drawVersions(draws: Draws): Setup['versions'] {
  const how = draws.uniform();
  const first =
    how < 0.08 ? { ...HEALTHY, invalid: 0.2 } : how < 0.25 ? { ...HEALTHY, loadsOnce: true } : HEALTHY;
  const other = (): VersionBehaviour => (how < 0.08 ? first : drawBehaviour(draws));
  return { '1': first, '2': other(), '3': other() };
}

function drawBehaviour(draws: Draws): VersionBehaviour {
  const share = pick(draws, [0.3, 0.5, 1]);
  const faults: readonly Partial<VersionBehaviour>[] = [
    ...Array<Partial<VersionBehaviour>>(6).fill({}),
    { failing: share },
    { hanging: share },
    { refusing: share },
    { invalid: share },
    { crashesAfterMs: 5_000 + 40_000 * draws.uniform() },
    { loadsOnce: true },
  ];
  return { ...HEALTHY, ...pick(draws, faults) };
}

/** One injection, or two that belong together: at any time, or right at a moment that is easily disturbed. */
function drawInjections(draws: Draws, setup: Setup): readonly Injection[] {
  const at = FIRST_MS + (LAST_MS - FIRST_MS) * draws.uniform();
  const kind = draws.uniform();
  if (kind < 0.28) return drawCommands(draws, at);
  if (kind < 0.48) return [drawHostFault(draws, setup, at)];
  if (kind < 0.58) return [drawJobFault(draws, at)];
  if (kind < 0.72) return [drawSiteFault(draws, at)];
  return drawMisfortune(draws, setup);
}
