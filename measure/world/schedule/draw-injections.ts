import type { Draws } from '../../simulate/draws.ts';
import { pick } from './pick.ts';
import type { Injection, Setup } from './setup.ts';

/** Longer than any rollout lasts. */
const AWAY_MS = 400_000;
/** As a version's API hangs that waits for a disk or a lock: longer than harm may last. */
export const HANG_MS = 70_000;

const COMMANDS = [
  ...['/rollback', '/rollback', '/promote', '/hold', '/resume', '/freeze', '/unfreeze'],
  ...['/deploy v3', '/deploy v2', '/deploy v1', '/rollback v1'],
] as const;

/** What a person says, and sometimes another right after. */
export function drawCommands(draws: Draws, at: number): readonly Injection[] {
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

/** What happens to a host, or to a version on it. */
export function drawHostFault(draws: Draws, setup: Setup, at: number): Injection {
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

/** What happens to the newest deploy job. */
export function drawJobFault(draws: Draws, at: number): Injection {
  return { at, kind: pick(draws, ['job-cancelled', 'job-killed', 'job-rerun'] as const) };
}

/** What happens to GitHub, its git host, or to what clients send. */
export function drawSiteFault(draws: Draws, at: number): Injection {
  const forMs = pick(draws, [5_000, 15_000, 40_000]);
  switch (pick(draws, ['git', 'git', 'push', 'push', 'branch', 'github', 'rate', 'dispatches', 'burst'])) {
    case 'git':
      return { at, kind: 'git-down', forMs };
    case 'push':
      return { at, kind: 'push-answer-lost' };
    case 'branch':
      return { at, kind: 'branch-deleted', forMs: pick(draws, [15_000, 60_000, AWAY_MS]) };
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
