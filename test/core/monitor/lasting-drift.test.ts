import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { Mute } from '../../../core/ledger/mutes/mute.ts';
import type { EnvironmentState } from '../../../core/ledger/state.ts';
import { decideMonitor } from '../../../core/monitor/decide-monitor.ts';
import { FIRST_DAY, profileOf, windowOf } from '../drift/drift-data.ts';
import { input, ledgerOf, PACKAGE } from './support.ts';

/** What a host keeps of its windows, in days. */
const KEPT_DAYS = 35;
const DAY_MS = 86_400_000;
const CHAMPION_AT = new Date(FIRST_DAY).toISOString();

type Service = {
  readonly reference: number;
  readonly movedOn: (day: number) => number;
  readonly mutes?: readonly Mute[];
};

/** The decisions of one check a day, each remembered as the ledger does, while hosts keep no more than their windows of late. */
function checkDaily(days: number, { reference, movedOn, mutes = [] }: Service) {
  const profile = profileOf(reference);
  let monitor: EnvironmentState['monitor'];
  return Array.from({ length: days }, (_, day) => {
    const kept = Array.from({ length: Math.min(day + 1, KEPT_DAYS) }, (_, back) => day - back).toReversed();
    const windows = kept.map((one) => windowOf(one, { moved: movedOn(one) }));
    const now = new Date(FIRST_DAY + (day + 1) * DAY_MS).toISOString();
    const drift = judgeDrift(profile, windows, { ...DEFAULT_DRIFT_OPTIONS, until: now });
    const champion = { version: '7', package: PACKAGE, at: CHAMPION_AT };
    const ledger = ledgerOf({ champion, mutes, ...(monitor && { monitor }) });
    const hosts = [{ host: 'serve-1', lastSeenAt: now, serving: { version: '7', package: PACKAGE } }];
    const lastRun = { kind: 'known', at: now } as const;
    const { action, codes, muted, explanation, isChange } = decideMonitor(
      input({ drift, ledger, hosts, now, lastRun }),
    );
    if (isChange) monitor = { at: now, action, codes, muted, explanation };
    return { action, codes };
  });
}

describe.each([
  ['with days of its reference', 28],
  ['without', 0],
])('a drift that nobody mends, of a profile %s', (_, reference) => {
  const decided = checkDaily(240, { reference, movedOn: (day) => (day < 100 ? 0 : 0.095) });

  it('asks for a training from the day it is found on, on every day, however few days are kept', () => {
    expect(decided.slice(0, 100).every(({ action }) => action === 'none')).toBe(true);
    const since = decided.findIndex(({ action }) => action === 'retrain');
    expect(since).toBeLessThanOrEqual(103);
    for (const [day, { action, codes }] of decided.entries())
      if (day >= since) expect([day, action, codes]).toEqual([day, 'retrain', ['drift-act:amount']]);
  });
});

describe('a drift that was muted before it came, for longer than hosts keep their windows', () => {
  const day = (count: number) => new Date(FIRST_DAY + count * DAY_MS).toISOString();
  const mute = { code: 'drift:amount', at: day(95), until: day(185), actor: 'ada', reason: 'a sale' };
  const movedOn = (one: number) => (one < 100 ? 0 : 0.095);
  const decided = checkDaily(200, { reference: 28, movedOn, mutes: [mute] });

  it('asks for nothing until that time, and for a training from then on', () => {
    for (const [at, { action, codes }] of decided.entries()) {
      const isOver = at + 1 >= 185;
      expect([at, action, codes]).toEqual([
        at,
        isOver ? 'retrain' : 'none',
        isOver ? ['drift-act:amount'] : [],
      ]);
    }
  });
});

describe('a shift that was there from the first day', () => {
  it('is skew for as long as it stands, whatever was said of the champion before', () => {
    const decided = checkDaily(60, { reference: 28, movedOn: () => 0.095 });
    expect(new Set(decided.flatMap(({ codes }) => codes))).toEqual(new Set(['skew:amount']));
    const profile = profileOf(28);
    const drift = judgeDrift(profile, [windowOf(0, { moved: 0.095 })], DEFAULT_DRIFT_OPTIONS);
    const before = new Date(FIRST_DAY - DAY_MS).toISOString();
    const monitor = { at: before, action: 'retrain' as const, codes: ['drift-act:amount'], explanation: '' };
    const champion = { version: '7', package: PACKAGE, at: CHAMPION_AT };
    const decision = decideMonitor(input({ drift, ledger: ledgerOf({ champion, monitor }) }));
    expect(decision).toMatchObject({ action: 'investigate', codes: ['skew:amount'] });
  });
});
