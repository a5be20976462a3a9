import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { Cause } from '../../../../core/ledger/cause.ts';
import { checkEvent } from '../../../../core/ledger/check-event.ts';
import { createEvent } from '../../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../../core/ledger/event.ts';
import { foldLedger } from '../../../../core/ledger/fold.ts';
import { covers } from '../../../../core/ledger/mutes/covers.ts';
import { findMuteBar } from '../../../../core/ledger/mutes/find-mute-bar.ts';
import { findingCodeSchema } from '../../../../core/ledger/mutes/finding-code.ts';
import { mutesAt } from '../../../../core/ledger/mutes/mute.ts';
import { environmentOf } from '../../../../core/ledger/state.ts';
import { contextOf, minute, promotionOf, startOf, startScribe, writeVersion } from '../ledger-support.ts';

const environment = 'production';
const MUTED_FOR = { environment, code: 'drift:amount', until: minute(60), reason: 'Black Friday' };

function codesAt(events: readonly LedgerEvent[], now: string): readonly string[] {
  return mutesAt(environmentOf(foldLedger('mnist', events), environment), now).map(({ code }) => code);
}

/** Version 7 serves, after minute 5. */
function serving(write: ReturnType<typeof startScribe>): readonly LedgerEvent[] {
  return [
    ...writeVersion(write, '7'),
    write('rollout.started', startOf('7')),
    write('rollout.promoted', promotionOf('7')),
  ];
}

describe('a mute', () => {
  it('says who muted what, until when and why, and holds until then', () => {
    const write = startScribe();
    const events = [...serving(write), write('monitor.muted', MUTED_FOR)];
    expect(environmentOf(foldLedger('mnist', events), environment).mutes).toEqual([
      { code: 'drift:amount', until: minute(60), at: minute(6), actor: 'ada', reason: 'Black Friday' },
    ]);
    expect(codesAt(events, minute(59))).toEqual(['drift:amount']);
    expect(codesAt(events, minute(60))).toEqual([]);
  });

  it('is of one environment, and the last word on a code holds', () => {
    const write = startScribe();
    const events = [
      ...serving(write),
      write('monitor.muted', { ...MUTED_FOR, environment: 'staging', code: 'host-lost' }),
      write('monitor.muted', MUTED_FOR),
      write('monitor.muted', { ...MUTED_FOR, until: minute(20) }),
    ];
    expect(codesAt(events, minute(19))).toEqual(['drift:amount']);
    expect(codesAt(events, minute(30))).toEqual([]);
  });

  it('ends by a word, and with another champion, not with the same one once more', () => {
    const write = startScribe();
    const muted = [...serving(write), write('monitor.muted', MUTED_FOR)];
    const other = write('monitor.unmuted', { environment, code: 'host-lost' });
    const unmuted = write('monitor.unmuted', { environment, code: 'drift:amount' });
    expect(codesAt([...muted, other], minute(10))).toEqual(['drift:amount']);
    expect(codesAt([...muted, unmuted], minute(10))).toEqual([]);
    const again = write('rollout.promoted', { ...promotionOf('7'), rollout: 'again' });
    expect(codesAt([...muted, again], minute(20))).toEqual(['drift:amount']);
    const promoted = write('rollout.promoted', promotionOf('8'));
    expect(codesAt([...muted, ...writeVersion(write, '8'), promoted], minute(30))).toEqual([]);
    const back = write('rollout.rolled-back', {
      ...{ rollout: 'back', environment, version: '8', stable: '7', code: 'requested', explanation: '' },
    });
    const mutedAgain = write('monitor.muted', MUTED_FOR);
    const eight = [...muted, ...writeVersion(write, '8'), promoted, mutedAgain];
    expect(codesAt(eight, minute(30))).toEqual(['drift:amount']);
    expect(codesAt([...eight, back], minute(30))).toEqual([]);
  });

  test('list of an environment is never longer than the codes that hold', () => {
    const step = fc.record({
      code: fc.constantFrom('a', 'b', 'c'),
      minutes: fc.integer({ min: -5, max: 5 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const write = startScribe();
        const events = steps.map(({ code, minutes }, index) =>
          write('monitor.muted', { environment, code, until: minute(index + 1 + minutes), reason: '' }),
        );
        const { mutes = [] } = environmentOf(foldLedger('mnist', events), environment);
        expect(mutes.length).toBeLessThanOrEqual(3);
      }),
    );
  });
});

describe('the ledger', () => {
  const mute = (data: Partial<typeof MUTED_FOR>, kind: Cause['kind'] = 'comment') =>
    checkEvent(
      foldLedger('mnist', []),
      createEvent(contextOf('c1', minute(0), kind), 'monitor.muted', { ...MUTED_FOR, ...data }),
    )?.message;

  it('lets people mute for 90 days at most', () => {
    expect(mute({})).toBeUndefined();
    expect(mute({}, 'manual')).toBeUndefined();
    expect(mute({ until: minute(90 * 24 * 60) })).toBeUndefined();
    expect(mute({ until: minute(90 * 24 * 60 + 1) })).toMatch(/is after 2027-01-30T00:00:00\.000Z/);
  });

  it.each(['dispatch', 'schedule', 'agent', 'push'] as const)('lets no %s mute', (kind) => {
    expect(mute({}, kind)).toContain(`no person said so, but a ${kind}`);
  });

  it.each(['champion-braked', 'served-unknown', 'served-unknown:https://a:1'])(
    'lets nobody mute %s',
    (code) => {
      expect(mute({ code })).toContain(`\`${code}\` is never muted`);
    },
  );
});

describe('a code', () => {
  it.each(['host-lost', 'drift-act:air_time', 'skew:x', 'host-lost:https://serve-1:9443', 'drift:air time'])(
    'can be %s',
    (code) => {
      expect(findingCodeSchema.safeParse(code).success).toBe(true);
      expect(findMuteBar(code)).toBeUndefined();
    },
  );

  it.each(['', 'Host', 'host lost', 'drift:', 'drift: ', 'a:\nb', `a:${'b'.repeat(200)}`, '@team', '`x`'])(
    'can not be %j',
    (code) => {
      expect(findingCodeSchema.safeParse(code).success).toBe(false);
    },
  );

  it('that only says why nothing is done is no finding', () => {
    expect(findMuteBar('retrain-cooldown')?.message).toContain('is no finding');
  });
});

describe('what a mute covers', () => {
  it.each([
    ['host-lost', 'host-lost', 'https://a:1', true],
    ['host-lost:https://a:1', 'host-lost', 'https://a:1', true],
    ['host-lost:https://a:1', 'host-lost', 'https://b:1', false],
    ['drift:x', 'drift-act:x', 'x', true],
    ['drift:x', 'drift-warn:x', 'x', true],
    ['drift:x', 'skew:x', 'x', true],
    ['drift:x', 'skew:xy', 'xy', false],
    ['drift-warn:x', 'drift-act:x', 'x', false],
    ['drift', 'drift-act:x', 'x', false],
    ['missing-values:x', 'missing-values', 'y', false],
  ])('%s of %s of %s: %s', (muted, code, metric, is) => {
    expect(covers(muted, { code, metric })).toBe(is);
  });
});

test('a host is lost since the first judgement that no later one has taken back', () => {
  const write = startScribe();
  const judge = (...lost: readonly string[]) =>
    write('monitor.judged', {
      action: 'investigate',
      environment,
      codes: [],
      explanation: '',
      lost: [...lost],
    });
  const events = [judge('a'), judge('a', 'b'), judge('b'), judge('b', 'a')];
  const lostAfter = (count: number) =>
    environmentOf(foldLedger('mnist', events.slice(0, count)), environment).monitor?.lost;
  expect(lostAfter(2)).toEqual([
    { host: 'a', since: minute(1) },
    { host: 'b', since: minute(2) },
  ]);
  expect(lostAfter(4)).toEqual([
    { host: 'b', since: minute(2) },
    { host: 'a', since: minute(4) },
  ]);
});
