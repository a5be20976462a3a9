import { describe, expect, it } from 'vitest';
import { DEFAULT_DRIFT_OPTIONS } from '../../../core/drift/drift-options.ts';
import { judgeDrift } from '../../../core/drift/judge-drift.ts';
import { emptyLedger } from '../../../core/ledger/state.ts';
import { decideMonitor } from '../../../core/monitor/decide-monitor.ts';
import { profileOf, windowOf } from '../drift/drift-data.ts';
import { input, ledgerOf, NOW, PACKAGE } from './support.ts';

const profile = profileOf(28);
function days(count: number, from: number, moved = 0) {
  return Array.from({ length: count }, (_, day) => windowOf(from + day, { moved }));
}
const calm = judgeDrift(profile, days(19, 0), DEFAULT_DRIFT_OPTIONS);
const severe = judgeDrift(profile, [...days(10, 0), ...days(4, 10, 0.095)], DEFAULT_DRIFT_OPTIONS);

describe('hosts', () => {
  it('asks for a look at a silent host, whatever else waits', () => {
    const hosts = [
      { host: 'serve-1', lastSeenAt: '2026-03-19T20:00:00Z' },
      { host: 'serve-2', problem: 'ECONNREFUSED' },
    ];
    const decision = decideMonitor(
      input({ hosts, drift: severe, ledger: ledgerOf({}, { retrains: [{ at: NOW, correlationId: 'c' }] }) }),
    );
    expect(decision.action).toBe('investigate');
    expect(decision.reasons.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'Host serve-1 has been silent for 4 h.',
        "Host serve-2 can't be asked: ECONNREFUSED",
      ]),
    );
  });

  it('asks for a new package where another one than the champion\u2019s is served', () => {
    const serving = { version: '7', package: `demo@sha256:${'b'.repeat(64)}` };
    const decision = decideMonitor(input({ hosts: [{ host: 'serve-1', lastSeenAt: NOW, serving }] }));
    expect(decision).toMatchObject({ action: 'rebuild', codes: ['package-differs'] });
  });

  it('tells of missed runs, and asks for a look when the schedule seems to be off', () => {
    const missed = (at: string) => decideMonitor(input({ lastRun: { kind: 'known', at } }));
    expect(missed('2026-03-19T18:00:00Z')).toMatchObject({
      action: 'none',
      reasons: [{ code: 'missed-runs' }],
    });
    expect(missed('2026-01-19T18:00:00Z')).toMatchObject({ action: 'investigate', codes: ['missed-runs'] });
    expect(missed('2026-01-19T18:00:00Z').explanation).toContain('after 60 days without activity');
  });

  it('never says that all is well where the last run can not be told', () => {
    const decision = decideMonitor(input({ drift: calm, lastRun: { kind: 'unknown', why: 'Denied.' } }));
    expect(decision).toMatchObject({ action: 'none', reasons: [{ code: 'last-run-unknown' }] });
    expect(decision.explanation).toContain("can't be told: Denied.");
    expect(decideMonitor(input({ drift: calm, lastRun: { kind: 'first' } })).explanation).toBe(
      'All is well.',
    );
  });

  it('asks for a look where nothing could be judged, unless there is nothing to judge by', () => {
    const unjudged = (code: string) => input({ unjudged: { code, metric: 'windows', message: 'So.' } });
    expect(decideMonitor(unjudged('profile-unreadable')).action).toBe('investigate');
    expect(decideMonitor(unjudged('profile-none'))).toMatchObject({
      action: 'none',
      explanation: 'Nothing to do. So.',
    });
  });

  it('asks for a look where the champion has failed on a host', () => {
    const serving = { version: '7', package: PACKAGE, state: 'failed', message: 'out of memory' } as const;
    const decision = decideMonitor(input({ hosts: [{ host: 'serve-1', lastSeenAt: NOW, serving }] }));
    expect(decision).toMatchObject({ action: 'investigate', codes: ['champion-failed'] });
    expect(decision.explanation).toContain('out of memory');
  });

  it.each([
    ['version-away', 'demo', 'investigate'],
    ['proxy-not-converged', undefined, 'investigate'],
    ['connections-refused', undefined, 'investigate'],
    ['what a newer agent warns of', undefined, 'investigate'],
    ['version-away', 'another-model', 'none'],
    ['clock-jumped', undefined, 'none'],
    ['monitor-silent', 'demo', 'none'],
  ] as const)('asks for a look where it warns of %s (%s): %s', (code, model, action) => {
    const [host] = input().hosts;
    const warning = { code, message: 'It is so.', ...(model !== undefined && { model }) };
    const hosts = host === undefined ? [] : [{ ...host, warnings: [warning] }];
    const decision = decideMonitor(input({ hosts }));
    expect(decision).toMatchObject({ action, codes: action === 'none' ? [] : [code] });
    const said = model === 'another-model' ? [] : ['Host serve-1: It is so.'];
    expect(decision.reasons.map(({ message }) => message)).toEqual(said);
  });
});

describe('a host that serves what the ledger does not know', () => {
  const serving = (version: string) => [{ host: 'serve-1', lastSeenAt: NOW, serving: { version } }];

  it('asks for a look at the ledger where that knows of no champion, and nothing is written', () => {
    const decision = decideMonitor(input({ ledger: emptyLedger('demo'), hosts: serving('7') }));
    expect(decision).toMatchObject({ action: 'investigate', codes: ['served-unknown'], isChange: false });
    expect(decision.explanation).toMatch(/serves version 7 of demo, and the ledger has no champion/);
    expect(decision.explanation).toMatch(/deleted, cut short or replaced/);
  });

  it('asks for the same where the ledger has a champion, but never heard of that version', () => {
    const decision = decideMonitor(input({ hosts: serving('9') }));
    expect(decision).toMatchObject({ action: 'investigate', codes: ['served-unknown'] });
  });

  it('is told apart from one that serves another version that the ledger knows', () => {
    const previous = { version: '6', package: PACKAGE, at: '2026-02-01T00:00:00Z' };
    const decision = decideMonitor(input({ ledger: ledgerOf({ previous }), hosts: serving('6') }));
    expect(decision).toMatchObject({ action: 'investigate', codes: ['version-differs'] });
  });
});
