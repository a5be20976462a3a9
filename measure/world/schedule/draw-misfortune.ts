import type { Draws } from '../../simulate/draws.ts';
import { drawCommands, drawHostFault, drawJobFault, drawSiteFault, HANG_MS } from './draw-injections.ts';
import type { WorldMoment } from './moments.ts';
import { pick } from './pick.ts';
import type { Injection, Setup } from './setup.ts';

/** From the first request of a stage until its end is on record, where there are requests enough, in ms. */
const STAGE_MS = 22_000;
/** From a decision until it is written, in ms. */
const WRITING_MS = 2_500;
/** From a comment to the job that does what it says, and how much that varies, in ms. */
const COMMENT_MS = {
  slow: { takes: 10_000, varies: 4_000 },
  quick: { takes: 3_500, varies: 1_500 },
} as const;

const HARMS = [{ failing: 1 }, { hanging: 1 }, { failing: 0.4 }] as const;

/** What goes wrong at the worst moment: by itself each of these is common, and together they are hardly ever drawn by chance. */
export function drawMisfortune(draws: Draws, setup: Setup): readonly Injection[] {
  const host = Math.floor(draws.uniform() * setup.hosts);
  const stage = pick<WorldMoment>(draws, ['raised', 'last-stage']);
  const within = (ms: number) => ms * draws.uniform();
  switch (pick(draws, MISFORTUNES)) {
    case 'said-in-the-last-stage':
      return drawCommands(draws, within(STAGE_MS)).map((one) => ({ ...one, upon: 'last-stage' }));
    case 'done-at-its-end':
      return drawDoneAtTheEnd(draws, setup);
    case 'while-it-is-written':
      return [
        {
          ...drawAny(draws, setup, within(WRITING_MS)),
          upon: pick<WorldMoment>(draws, ['passed', 'braked']),
        },
      ];
    case 'stable-falls':
      return drawFallOfStable(draws, host);
    case 'candidate-falls':
      return [{ at: within(STAGE_MS), upon: 'last-stage', kind: 'server-crash', host, version: '2' }];
    case 'harm-while-it-hangs':
      return drawHarmWhileItHangs(draws, stage);
    case 'comes-back-empty': {
      const downMs = pick(draws, [3_000, 20_000]);
      return [{ at: within(STAGE_MS), upon: stage, kind: 'host-replaced', host, downMs }];
    }
  }
}

const MISFORTUNES = [
  ...['said-in-the-last-stage', 'done-at-its-end', 'done-at-its-end', 'while-it-is-written'],
  ...['while-it-is-written'],
  ...['stable-falls', 'candidate-falls', 'harm-while-it-hangs', 'comes-back-empty'],
] as const;

/** What a person has asked for is done in the moment in which a job promotes. */
function drawDoneAtTheEnd(draws: Draws, { quickRunners }: Setup): readonly Injection[] {
  const { takes, varies } = COMMENT_MS[quickRunners ? 'quick' : 'slow'];
  const at = STAGE_MS - takes + varies * (2 * draws.uniform() - 1);
  const text = pick(draws, ['/rollback', '/rollback', '/promote', '/hold', '/freeze']);
  return [{ at, upon: 'last-stage', kind: 'comment', by: 'ann', text }];
}

function drawAny(draws: Draws, setup: Setup, at: number): Injection {
  const kind = draws.uniform();
  if (kind < 0.4) return drawHostFault(draws, setup, at);
  return kind < 0.6 ? drawJobFault(draws, at) : drawSiteFault(draws, at);
}

/** The stable version ends on a host while it gets nothing, and the rollout stays there. */
function drawFallOfStable(draws: Draws, host: number): readonly Injection[] {
  const upon = 'last-stage';
  const at = 10_000 * draws.uniform();
  const fall: Injection = { at, upon, kind: 'server-crash', host, version: '1' };
  switch (pick(draws, ['held', 'left', 'alone'])) {
    case 'held':
      return [{ at: 0, upon, kind: 'comment', by: 'ann', text: '/hold' }, fall];
    case 'left':
      return [fall, { at: at + 1_000, upon, kind: 'job-killed' }];
    default:
      return [fall];
  }
}

/** A version's API hangs, and meanwhile the candidate does harm. */
function drawHarmWhileItHangs(draws: Draws, upon: WorldMoment): readonly Injection[] {
  const at = 10_000 * draws.uniform();
  return [
    { at, upon, kind: 'check-hangs', version: pick(draws, ['1', '2']), forMs: HANG_MS },
    {
      ...{ at: at + 5_000 * draws.uniform(), upon, kind: 'turns-bad', version: '2' },
      behaviour: pick(draws, HARMS),
    },
  ];
}
