import { type Draws, makeDraws } from '../../simulate/draws.ts';
import { HEALTHY, type Injection, type Setup, type VersionBehaviour, type WorldSchedule } from './setup.ts';

/** When the first thing happens, and the last, in ms. */
const FIRST_MS = 12_000;
const LAST_MS = 110_000;
const MOST_INJECTIONS = 9;
/** Longer than any rollout lasts. */
const AWAY_MS = 400_000;
/** As a version's API hangs that waits for a disk or a lock: longer than harm may last. */
const HANG_MS = 70_000;

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
    controlRunners: chance(0.5) ? 2 : 3,
    approvalSeconds: chance(0.15) ? 20 : 0,
    sameName: chance(0.05),
  };
}

/** The first serves when the world begins. Sometimes all are alike in what is wrong with them. */
function drawVersions(draws: Draws): Setup['versions'] {
  const how = draws.uniform();
  const first =
    how < 0.08 ? { ...HEALTHY, invalid: 0.2 } : how < 0.2 ? { ...HEALTHY, loadsOnce: true } : HEALTHY;
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

/** One injection, or two that belong together. */
function drawInjections(draws: Draws, setup: Setup): readonly Injection[] {
  const at = FIRST_MS + (LAST_MS - FIRST_MS) * draws.uniform();
  const kind = draws.uniform();
  if (kind < 0.4) return drawCommands(draws, at);
  if (kind < 0.65) return [drawHostFault(draws, setup, at)];
  if (kind < 0.8) return [drawJobFault(draws, at)];
  return [drawSiteFault(draws, at)];
}

const COMMANDS = [
  ...['/rollback', '/rollback', '/promote', '/hold', '/resume', '/freeze', '/unfreeze'],
  ...['/deploy v3', '/deploy v2', '/deploy v1', '/rollback v1'],
] as const;

function drawCommands(draws: Draws, at: number): readonly Injection[] {
  const text = pick(draws, COMMANDS);
  const said = (by: string, when: number, what: string) =>
    ({ at: when, kind: 'comment', by, text: what }) as const;
  // Two persons say the same, or each the other's contrary.
  const other = text === '/promote' ? '/rollback' : text;
  const again = draws.uniform() < 0.2 ? [said('bob', at + 4_000 * draws.uniform(), other)] : [];
  return draws.uniform() < 0.1 ? [{ at, kind: 'train' }] : [said('ann', at, text), ...again];
}

const HOST_FAULTS = [
  ...['agent', 'agent', 'hang', 'host', 'replaced', 'cut', 'away', 'lost', 'gateway', 'slow', 'disk'],
  ...['clock', 'server', 'bad'],
] as const;

function drawHostFault(draws: Draws, setup: Setup, at: number): Injection {
  const host = Math.floor(draws.uniform() * setup.hosts);
  const forMs = pick(draws, [3_000, 20_000, 70_000]);
  switch (pick(draws, HOST_FAULTS)) {
    case 'agent':
      return { at, kind: 'agent-killed', host, downMs: forMs };
    case 'hang':
      return { at, kind: 'check-hangs', version: pick(draws, ['1', '2']), forMs: HANG_MS };
    case 'host':
      return { at, kind: 'host-lost', host, downMs: forMs };
    case 'replaced':
      return { at, kind: 'host-replaced', host, downMs: pick(draws, [3_000, 20_000]) };
    case 'away':
      return { at, kind: 'partition', host, forMs: AWAY_MS };
    case 'cut':
      return { at, kind: 'partition', host, forMs };
    case 'lost':
      return { at, kind: 'answers-lost', host, forMs };
    case 'gateway':
      return { at, kind: 'bad-gateway', host, forMs };
    case 'slow':
      return { at, kind: 'slow-host', host, forMs };
    case 'disk':
      return { at, kind: 'disk-full', host, forMs };
    case 'clock':
      return { at, kind: 'clock-jump', host, byMs: pick(draws, [-3_600_000, -30_000, 30_000, 3_600_000]) };
    case 'server':
      return { at, kind: 'server-crash', host, version: pick(draws, ['1', '2']) };
    default:
      return {
        at,
        kind: 'turns-bad',
        version: '2',
        behaviour: pick(draws, [{ failing: 1 }, { hanging: 1 }, { failing: 0.4 }]),
      };
  }
}

function drawJobFault(draws: Draws, at: number): Injection {
  return { at, kind: pick(draws, ['job-cancelled', 'job-killed', 'job-rerun'] as const) };
}

function drawSiteFault(draws: Draws, at: number): Injection {
  const forMs = pick(draws, [5_000, 15_000, 40_000]);
  switch (pick(draws, ['git', 'git', 'push', 'push', 'branch', 'github', 'rate', 'dispatches', 'burst'])) {
    case 'git':
      return { at, kind: 'git-down', forMs };
    case 'push':
      return { at, kind: 'push-answer-lost' };
    case 'branch':
      return { at, kind: 'branch-deleted' };
    case 'github':
      return { at, kind: 'github-down', forMs };
    case 'rate':
      return { at, kind: 'rate-limit', forMs };
    case 'burst':
      return { at, kind: 'burst', factor: pick(draws, [0, 3]), forMs };
    default:
      return {
        at,
        kind: 'dispatches',
        as: pick(draws, ['lost', 'doubled', 'late'] as const),
        forMs: 3 * forMs,
      };
  }
}

function pick<T>(draws: Draws, choices: readonly T[]): T {
  const choice = choices[Math.floor(draws.uniform() * choices.length)];
  if (choice === undefined) throw new RangeError('There is nothing to choose from.');
  return choice;
}
