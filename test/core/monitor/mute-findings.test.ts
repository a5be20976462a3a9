import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import type { Mute } from '../../../core/ledger/mutes/mute.ts';
import type { EnvironmentState } from '../../../core/ledger/state.ts';
import { decideMonitor } from '../../../core/monitor/decide-monitor.ts';
import type { MonitorInput } from '../../../core/monitor/monitor-input.ts';
import { muteFindings } from '../../../core/monitor/mute-findings.ts';
import { offerMute } from '../../../core/monitor/offer-mute.ts';
import { renderBlocks } from '../../../core/report/render-block.ts';
import { profileOf, windowOf } from '../drift/drift-data.ts';
import { input, ledgerOf, NOW } from './support.ts';

const profile = profileOf(28);
const days = (count: number, from: number, moved = 0) =>
  Array.from({ length: count }, (_, day) => windowOf(from + day, { moved }));
const severe = judgeDrift(profile, [...days(10, 0), ...days(4, 10, 0.095)], DEFAULT_DRIFT_OPTIONS);
const mild = judgeDrift(profile, [...days(10, 0), ...days(4, 10, 0.075)], DEFAULT_DRIFT_OPTIONS);
const skewed = judgeDrift(profile, days(1, 0, 0.095), DEFAULT_DRIFT_OPTIONS);

function muted(code: string, over: Partial<Mute> = {}): Mute {
  const until = '2026-03-27T00:00:00.000Z';
  return { code, until, at: '2026-03-19T00:00:00.000Z', actor: 'ada', reason: 'a sale', ...over };
}

const decide = (production: Partial<EnvironmentState>, over: Partial<MonitorInput> = {}) =>
  decideMonitor(input({ ledger: ledgerOf(production), drift: severe, ...over }));

describe('a muted finding', () => {
  it('asks for nothing and is told, with whose word that is', () => {
    const decision = decide({ mutes: [muted('drift-act:amount')] });
    expect(decision).toMatchObject({
      ...{ action: 'none', wanted: 'none', codes: [], muted: ['drift-act:amount'] },
      reasons: [{ code: 'drift-act:amount' }],
    });
    expect(decision.explanation).toMatch(
      /^Nothing to do\. Feature `amount`: .* \(muted until 2026-03-27T00:00:00\.000Z by @ada: a sale\)$/,
    );
  });

  it.each([
    ['drift-act', severe],
    ['drift-warn', mild],
    ['skew', skewed],
  ])('is any shift of a feature that is accepted by name: %s', (kind, drift) => {
    const decision = decide({ mutes: [muted('drift:amount')] }, { drift });
    expect(decision).toMatchObject({ action: 'none', codes: [], muted: [`${kind}:amount`] });
    const other = decide({ mutes: [muted('drift:other')] }, { drift });
    expect(other).toMatchObject({ codes: [`${kind}:amount`], muted: [] });
  });

  it('acts again by itself when its time is over', () => {
    const until = (instant: string) => decide({ mutes: [muted('drift:amount', { until: instant })] }).action;
    expect(until('2026-03-20T00:00:00.001Z')).toBe('none');
    expect(until(NOW)).toBe('retrain');
  });

  it('hides no other one', () => {
    const hosts = ['serve-1', 'serve-2'].map((host) => ({ host, problem: 'ECONNREFUSED' }));
    const decision = decide({ mutes: [muted('drift:amount'), muted('host-lost:serve-1')] }, { hosts });
    expect(decision).toMatchObject({
      action: 'investigate',
      codes: ['host-lost'],
      lost: ['serve-1', 'serve-2'],
    });
    expect(decision.muted).toEqual(['drift-act:amount', 'host-lost']);
    expect(decision.explanation).toBe("Needs a look. Host serve-2 can't be asked: ECONNREFUSED");
  });

  it.each([
    ['champion-braked', { host: 'serve-1', lastSeenAt: NOW, braked: 'Errors.' }, 'rollback'],
    ['served-unknown', { host: 'serve-1', lastSeenAt: NOW, serving: { version: '99' } }, 'investigate'],
  ] as const)('is never %s, whatever the ledger says', (code, host, action) => {
    const mutes = [muted(code), muted(`${code}:serve-1`)];
    const previous = { version: '6', package: 'p', at: '2026-02-01T00:00:00Z' };
    const decision = decide({ mutes, previous }, { hosts: [host], drift: mild });
    expect(decision).toMatchObject({ action, muted: [] });
    expect(decision.codes).toContain(code);
  });
});

describe('what the ledger remembers of a muted finding', () => {
  it('is recorded when it changes, once', () => {
    const mutes = [muted('drift:amount')];
    const monitor = { at: NOW, action: 'none', codes: [], explanation: '' } as const;
    expect(decide({ mutes }).isChange).toBe(true);
    expect(decide({ mutes, monitor }).isChange).toBe(true);
    expect(decide({ mutes, monitor: { ...monitor, muted: ['drift-act:amount'] } }).isChange).toBe(false);
  });

  it('keeps a shift an act of drift until it is below the warning level, and drift where it began in service', () => {
    const monitor = {
      at: NOW,
      action: 'none',
      codes: [],
      muted: ['drift-act:amount'],
      explanation: '',
    } as const;
    for (const drift of [mild, skewed]) {
      expect(decide({ monitor }, { drift })).toMatchObject({
        action: 'retrain',
        codes: ['drift-act:amount'],
      });
      const mutes = [muted('drift-act:amount')];
      expect(decide({ monitor, mutes }, { drift })).toMatchObject({ action: 'none', isChange: false });
    }
  });
});

test('muting takes away what findings ask for, and no finding', () => {
  const code = fc.constantFrom<string>('host-lost', 'champion-braked', 'stale', 'uncounted');
  const wants = fc.constantFrom('none' as const, 'investigate' as const, 'rollback' as const);
  const finding = fc
    .record({ code, metric: fc.constantFrom('a', 'b'), wants })
    .map((one) => ({ wants: one.wants, reason: { code: one.code, metric: one.metric, message: 'm' } }));
  fc.assert(
    fc.property(fc.array(finding), fc.array(code), (findings, codes) => {
      const weighed = muteFindings(
        findings,
        codes.map((one) => muted(one)),
      ).findings;
      expect(weighed.map(({ reason }) => reason.code)).toEqual(findings.map(({ reason }) => reason.code));
      for (const [index, { wants: now, reason }] of weighed.entries()) {
        const isMuted = codes.includes(reason.code) && reason.code !== 'champion-braked';
        expect(now).toBe(isMuted ? 'none' : findings[index]?.wants);
      }
    }),
  );
});

describe('the issue', () => {
  const place = { model: 'demo', environment: 'production' };
  const offered = (decision: Parameters<typeof offerMute>[0]) =>
    renderBlocks(offerMute(decision, place)).trim();
  const found = (code: string) => ({ codes: [code], reasons: [{ code, metric: 'x', message: 'm' }] });

  it('says once how to mute the most urgent finding', () => {
    expect(offered(decide({}))).toBe(
      'What is known or accepted can be muted: comment `/mute demo drift-act:amount production for 14d the reason`.',
    );
    expect(offered(found('drift-warn:air time'))).toContain(
      '`/mute demo "drift-warn:air time" production for',
    );
  });

  it('offers none for what is never muted, nor where nothing is found', () => {
    expect(offered(found('champion-braked'))).toBe('');
    expect(offered(found('retrain-cooldown'))).toBe('');
    expect(offered(decide({ mutes: [muted('drift:amount')] }))).toBe('');
  });
});

describe('a host that can not be asked', () => {
  const hosts = [{ host: 'serve-1', problem: 'ECONNREFUSED' }];
  const monitor = {
    at: '2026-03-19T21:00:00Z',
    action: 'investigate',
    codes: ['host-lost'],
    explanation: '',
  } as const;

  it('is silent since the ledger has it lost, and says for how long', () => {
    const lost = [{ host: 'serve-1', since: '2026-03-19T20:30:00Z' }];
    const [reason] = decide(
      { monitor: { ...monitor, lost } },
      { hosts, drift: judgeDrift(profile, [], DEFAULT_DRIFT_OPTIONS) },
    ).reasons;
    expect(reason).toMatchObject({
      ...{ code: 'host-lost', metric: 'serve-1', observed: 12_600, limit: 900 },
      message:
        "Host serve-1 is silent since at least 2026-03-19T20:30:00Z (3 h 30 min) and can't be asked: ECONNREFUSED",
    });
  });

  it('is another change when one more is lost, or one is found again', () => {
    const lostOf = (...names: readonly string[]) => names.map((host) => ({ host, since: NOW }));
    const change = (...names: readonly string[]) =>
      decideMonitor(input({ hosts, ledger: ledgerOf({ monitor: { ...monitor, lost: lostOf(...names) } }) }))
        .isChange;
    expect(change('serve-1')).toBe(false);
    expect(change('serve-1', 'serve-2')).toBe(true);
    expect(change()).toBe(true);
  });
});
