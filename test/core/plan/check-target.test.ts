import { describe, expect, it } from 'vitest';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerState } from '../../../core/ledger/state.ts';
import { checkTarget } from '../../../core/plan/check-target.ts';
import { contextOf, promotedEvent, startedEvent, stateOf, versionEvents } from './plan-support.ts';

const EMPTY = stateOf();
const SERVING = stateOf(
  versionEvents('1'),
  startedEvent('1', 'production'),
  promotedEvent('1', 'production'),
);
const SECOND = stateOf(
  versionEvents('1'),
  versionEvents('2'),
  startedEvent('1', 'production'),
  promotedEvent('1', 'production'),
  startedEvent('2', 'production', '1'),
);
const FROZEN = stateOf(
  versionEvents('1'),
  startedEvent('1', 'production'),
  createEvent(contextOf('freeze'), 'frozen', { environment: 'production', reason: 'holidays' }),
);
const UNJUDGED = stateOf(versionEvents('1', 'fail'));

type Wanted = Parameters<typeof checkTarget>[0];

function answer(wanted: Wanted, state: LedgerState, environment: string | undefined): string {
  const target = checkTarget(wanted, state, environment);
  return target.ok ? `go ${target.value.version ?? '-'}` : `${target.error.code}: ${target.error.message}`;
}

it('a deploy without a version means the newest that is packed, before a newer one whose package was refused', () => {
  const refused = versionEvents('3').filter(({ kind }) => kind !== 'package.built');
  const deploy = { operation: 'deploy' } as const;
  expect(answer(deploy, stateOf(versionEvents('2'), refused), 'production')).toBe('go 2');
  expect(answer(deploy, stateOf(versionEvents('2'), versionEvents('3')), 'production')).toBe('go 3');
  // Of one alone the deploy job says why there is no package.
  expect(answer(deploy, stateOf(refused), 'production')).toBe('go 3');
});

describe('whether the ledger allows an operation', () => {
  it.each<[Wanted, string, LedgerState, string]>([
    [{ operation: 'deploy' }, 'nothing yet', EMPTY, 'nothing-to-deploy: No version has passed the gate yet.'],
    [
      { operation: 'deploy', pullRequest: 9 },
      'another pull request',
      SERVING,
      'nothing-to-deploy: No training of this pull request has led to a version that passed the gate.',
    ],
    [
      { operation: 'deploy', version: '7' },
      'nothing yet',
      EMPTY,
      'unknown-version: There is no version 7 of mnist.',
    ],
    [
      { operation: 'deploy', version: '1' },
      'a failed gate',
      UNJUDGED,
      'gate-not-passed: Version 1 is judged fail.',
    ],
    [{ operation: 'deploy', version: '1' }, 'it serves', SERVING, 'go 1'],
    [
      { operation: 'deploy', version: '1' },
      'another on its way',
      SECOND,
      'rollout-in-progress: Version 2 is being rolled out to production (0 %).',
    ],
    [{ operation: 'advance' }, 'none open', SERVING, 'no-rollout: No rollout is in progress in production.'],
    [{ operation: 'resume' }, 'not held', SECOND, 'not-held: The rollout in production is not held.'],
    [{ operation: 'promote' }, 'one open', SECOND, 'go 2'],
    [{ operation: 'hold' }, 'frozen', FROZEN, 'go 1'],
    [{ operation: 'rollback' }, 'one open', SECOND, 'go -'],
    [{ operation: 'rollback' }, 'nothing yet', EMPTY, 'nothing-to-roll-back: Nothing serves in production.'],
    [
      { operation: 'rollback' },
      'the first version',
      SERVING,
      'nothing-to-roll-back: production has no earlier version to return to.',
    ],
    [
      { operation: 'rollback', version: '1' },
      'it serves',
      SERVING,
      'already-serving: Version 1 already serves all of production.',
    ],
    [
      { operation: 'rollback', version: '7' },
      'never packaged',
      SERVING,
      'unknown-version: Version 7 has never been packaged for serving.',
    ],
    [{ operation: 'rollback', version: '1' }, 'one open', SECOND, 'go 1'],
    [{ operation: 'unfreeze' }, 'frozen', FROZEN, 'go -'],
    [{ operation: 'unfreeze' }, 'not frozen', SERVING, 'not-frozen: production is not frozen.'],
  ])('%o, %s', (wanted, _, state, said) => {
    expect(answer(wanted, state, 'production')).toBe(said);
  });

  it('a freeze says who froze what, and how to thaw that', () => {
    const advance = checkTarget({ operation: 'advance' }, FROZEN, 'production');
    expect(advance.ok ? undefined : advance.error).toMatchObject({
      code: 'frozen',
      message: expect.stringMatching(/^production is frozen since .*: holidays\.$/),
      remedy: 'Thaw it with `/unfreeze production` first.',
    });
    const everywhere = stateOf(
      versionEvents('1'),
      createEvent(contextOf('freeze'), 'frozen', { reason: '' }),
    );
    const deploy = checkTarget({ operation: 'deploy' }, everywhere, 'production');
    expect(deploy.ok ? undefined : deploy.error.message).toMatch(
      /^Everything is frozen since [^:]*:[^:]*:\S* by \S+\.$/,
    );
    expect(answer({ operation: 'unfreeze' }, everywhere, undefined)).toBe('go -');
    expect(answer({ operation: 'unfreeze' }, EMPTY, undefined)).toBe('not-frozen: Nothing is frozen.');
  });
});

describe('the remedy of what is refused names versions that are there', () => {
  const remedyOf = (wanted: Wanted, state: LedgerState) => {
    const target = checkTarget(wanted, state, 'production');
    return target.ok ? 'go' : target.error.remedy;
  };

  it('to return to: none but what serves, or nothing at all', () => {
    expect(remedyOf({ operation: 'rollback' }, EMPTY)).toMatch(
      /^No other version that served there is left: /,
    );
    expect(remedyOf({ operation: 'rollback' }, SERVING)).toMatch(
      /^No other version that served there is left: /,
    );
  });

  it('to deploy', () => {
    expect(remedyOf({ operation: 'deploy', pullRequest: 9 }, SECOND)).toMatch(/the newest are v2, v1\.$/);
    expect(remedyOf({ operation: 'deploy', pullRequest: 9 }, UNJUDGED)).toMatch(/there are none yet\.$/);
  });
});
