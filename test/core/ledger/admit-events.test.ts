import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admitEvents } from '../../../core/ledger/admit-events.ts';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent, LedgerEventData } from '../../../core/ledger/event.ts';
import { foldLedger } from '../../../core/ledger/fold.ts';
import { environmentOf, freezeOf, type LedgerState } from '../../../core/ledger/state.ts';
import { anyLedger } from './any-ledger.ts';
import {
  contextOf,
  DIGEST,
  fold,
  packageOf,
  promotionOf,
  startOf,
  startScribe,
  writeVersion,
} from './ledger-support.ts';

function codeOf(recorded: readonly LedgerEvent[], ...proposed: readonly LedgerEvent[]): string {
  const admitted = admitEvents(fold(recorded), proposed);
  return admitted.ok ? `${admitted.value.written.length} written` : admitted.error.code;
}

describe('an event is let into the ledger', () => {
  const advance = (stage: number, percent: number): LedgerEventData<'rollout.advanced'> => ({
    rollout: 'r8',
    environment: 'production',
    version: '8',
    stage,
    percent,
    explanation: '',
  });

  it('once', () => {
    const write = startScribe();
    const frozen = write('frozen', { reason: '' });
    expect(codeOf([], frozen, frozen)).toBe('1 written');
    expect(codeOf([frozen], frozen)).toBe('0 written');
  });

  it('only if its version passed the gate', () => {
    const write = startScribe();
    const passed = writeVersion(write, '8');
    expect(codeOf(passed, write('rollout.started', startOf('8')))).toBe('1 written');
    expect(codeOf([], write('rollout.started', startOf('9')))).toBe('ledger-rule');
    const [judged, registered] = writeVersion(write, '7', 'fail');
    expect(codeOf([], ...(judged && registered ? [judged, registered] : []))).toBe('ledger-rule');
  });

  it('only as a version of the very bytes that were judged', () => {
    const write = startScribe();
    const judged = { runId: 'run-7', verdict: 'pass' as const, headline: '', holdoutDigest: DIGEST };
    const gate = write('gate.judged', { ...judged, evidenceDigest: DIGEST, modelDigest: DIGEST });
    const version = { version: '7', runId: 'run-7', modelUri: 'models:/m-7' };
    const other = `sha256:${'0'.repeat(64)}`;
    expect(codeOf([gate], write('version.registered', { ...version, modelDigest: other }))).toBe(
      'ledger-rule',
    );
    expect(codeOf([gate], write('version.registered', { ...version, modelDigest: DIGEST }))).toBe(
      '1 written',
    );
  });

  it('only if no other rollout is open, nothing is frozen, and what serves is what it thinks serves', () => {
    const write = startScribe();
    const versions = [...writeVersion(write, '8'), ...writeVersion(write, '9')];
    const open = [...versions, write('rollout.started', startOf('8'))];
    expect(codeOf(open, write('rollout.started', startOf('9')))).toBe('ledger-rule');
    const frozen = [...versions, write('frozen', { environment: 'production', reason: '' })];
    expect(codeOf(frozen, write('rollout.started', startOf('8')))).toBe('ledger-rule');
    expect(codeOf(versions, write('rollout.started', startOf('8', '6')))).toBe('ledger-rule');
  });

  it('only up the stages, within their percent, and not while held', () => {
    const write = startScribe();
    const open = [...writeVersion(write, '8'), write('rollout.started', startOf('8'))];
    expect(codeOf(open, write('rollout.advanced', advance(0, 1)))).toBe('1 written');
    expect(codeOf(open, write('rollout.advanced', advance(0, 10)))).toBe('ledger-rule');
    expect(codeOf(open, write('rollout.advanced', advance(3, 100)))).toBe('ledger-rule');
    const further = [...open, write('rollout.advanced', advance(1, 10))];
    expect(codeOf(further, write('rollout.advanced', advance(0, 1)))).toBe('ledger-rule');
    expect(codeOf(further, write('rollout.advanced', { ...advance(1, 10), version: '9' }))).toBe(
      'ledger-rule',
    );
    const hold = write('rollout.held', {
      rollout: 'r8',
      environment: 'production',
      code: 'x',
      explanation: '',
    });
    expect(codeOf([...further, hold], write('rollout.advanced', advance(2, 100)))).toBe('ledger-rule');
    const resume = write('rollout.resumed', { rollout: 'r8', environment: 'production' });
    expect(codeOf([...further, hold], resume, write('rollout.advanced', advance(2, 100)))).toBe('2 written');
  });

  it('as a promotion only over the version it was compared with, and not while frozen', () => {
    const write = startScribe();
    const serving = [
      ...writeVersion(write, '7'),
      ...writeVersion(write, '8'),
      write('rollout.started', startOf('7')),
      write('rollout.promoted', promotionOf('7')),
      write('rollout.started', startOf('8', '7')),
    ];
    const promoted = write('rollout.promoted', promotionOf('8'));
    expect(codeOf(serving, promoted)).toBe('1 written');
    const frozen = write('frozen', { environment: 'production', reason: '' });
    expect(codeOf([...serving, frozen], promoted)).toBe('ledger-rule');
    const where = { environment: 'production', code: 'requested', explanation: '' };
    const returned = write('rollout.rolled-back', { rollout: 'x', version: '7', stable: '6', ...where });
    const before = [...writeVersion(write, '6'), write('rollout.promoted', promotionOf('6'))];
    expect(codeOf([...before, ...serving, returned], promoted)).toBe('ledger-rule');
  });

  it('as a return only to a version that served there', () => {
    const write = startScribe();
    const serving = [
      ...['6', '7', '8'].flatMap((version) => writeVersion(write, version)),
      write('rollout.promoted', promotionOf('6')),
      write('rollout.promoted', promotionOf('7')),
    ];
    const where = { rollout: 'x', environment: 'production', code: 'requested', explanation: '' };
    const back = (stable: string) => write('rollout.rolled-back', { ...where, version: '7', stable });
    expect(codeOf(serving, back('6'))).toBe('1 written');
    // Version 8 passed its gate and served nowhere; 99 was never registered.
    expect(codeOf(serving, back('8'))).toBe('ledger-rule');
    expect(codeOf(serving, back('99'))).toBe('ledger-rule');
    expect(environmentOf(fold([...serving, back('99')]), 'production').champion?.version).toBe('7');
  });

  it('as a package of a version, which keeps the one it serves in', () => {
    const write = startScribe();
    const serving = [...writeVersion(write, '7'), write('rollout.promoted', promotionOf('7'))];
    const built = { version: '7', runId: 'run-7', artifactPath: 'p', sizeBytes: 1 };
    const again = write('package.built', { ...built, package: packageOf('7') });
    const other = write('package.built', { ...built, package: packageOf('666') });
    expect(codeOf(serving, again)).toBe('1 written');
    expect(codeOf(serving, other)).toBe('ledger-rule');
    expect(fold([...serving, other]).versions['7']?.package?.package).toBe(packageOf('7'));
    expect(codeOf(writeVersion(write, '7'), other)).toBe('1 written');
  });

  it('for a rollback in any case', () => {
    const write = startScribe();
    const back = write('rollout.rolled-back', {
      rollout: 'r8',
      environment: 'production',
      version: '8',
      code: 'requested',
      explanation: '',
    });
    const frozen = [
      ...writeVersion(write, '8'),
      write('rollout.started', startOf('8')),
      write('frozen', { reason: '' }),
      write('lock.acquired', { lock: 'freeze', holder: 'bob', expiresAt: '2027-01-01T00:00:00Z' }),
    ];
    expect(codeOf(frozen, back)).toBe('1 written');
  });

  it('for a lock that nobody else holds: types do not block each other, and all environments block one', () => {
    const lock = (
      holder: string,
      more: Partial<LedgerEventData<'lock.acquired'>> = {},
      at = '2026-11-01T00:00:00Z',
    ) =>
      createEvent(contextOf(holder, at), 'lock.acquired', {
        lock: 'deploy',
        holder,
        expiresAt: '2026-11-01T01:00:00Z',
        ...more,
      });
    const held = [lock('a', { environment: 'production' })];
    expect(codeOf(held, lock('b', { environment: 'production' }))).toBe('locked');
    expect(codeOf(held, lock('b', { environment: 'staging' }))).toBe('1 written');
    expect(codeOf(held, lock('b'))).toBe('locked');
    expect(codeOf(held, lock('b', { lock: 'search', environment: 'production' }))).toBe('1 written');
    expect(codeOf(held, lock('b', { environment: 'production' }, '2026-11-01T01:00:00Z'))).toBe('1 written');
    expect(codeOf([lock('f', { lock: 'freeze' })], lock('b', { environment: 'production' }))).toBe('locked');
  });
});

describe('whatever jobs propose', () => {
  it('reaches every kind of ledger worth a rule', () => {
    const kinds = fc
      .sample(anyLedger, { numRuns: 200, seed: 1 })
      .flatMap((events) => events.map(({ kind }) => kind));
    const count = (kind: string) => kinds.filter((one) => one === kind).length;
    expect(count('rollout.promoted')).toBeGreaterThan(50);
    expect(count('rollout.rolled-back')).toBeGreaterThan(50);
    expect(count('rollout.advanced')).toBeGreaterThan(50);
  });

  it('only a version with a passed gate ever starts a rollout or is promoted', () => {
    fc.assert(
      fc.property(anyLedger, (events) => {
        events.forEach((event, index) => {
          if (event.kind !== 'rollout.started' && event.kind !== 'rollout.promoted') return;
          const before = fold(events.slice(0, index));
          expect(before.versions[event.data.version]?.gate?.verdict).toBe('pass');
        });
      }),
    );
  });

  it('a rollout never starts in a frozen environment or beside another, and its traffic never falls', () => {
    fc.assert(
      fc.property(anyLedger, (events) => {
        events.forEach((event, index) => {
          const before = fold(events.slice(0, index));
          if (event.kind === 'rollout.started') {
            expect(freezeOf(before, event.data.environment)).toBeUndefined();
            expect(environmentOf(before, event.data.environment).rollout).toBeUndefined();
          }
          if (event.kind === 'rollout.advanced') {
            const open = environmentOf(before, event.data.environment).rollout;
            expect(event.data.stage).toBeGreaterThanOrEqual(open?.stage ?? Number.POSITIVE_INFINITY);
          }
        });
      }),
    );
  });

  it('replayed, doubled or mixed with another model it folds to the same state', () => {
    fc.assert(
      fc.property(anyLedger, fc.nat(), (events, seed) => {
        const doubled = events.flatMap((event, index) => [
          event,
          ...(events[(seed + index) % (index + 1)] ? [event] : []),
        ]);
        const other = events.map(
          (event): LedgerEvent => ({ ...event, model: 'other', id: `other-${event.id}` }),
        );
        const whole = fold(events);
        expect(comparable(fold(doubled))).toEqual(comparable(whole));
        expect(comparable(fold([...events, ...events]))).toEqual(comparable(whole));
        expect(
          comparable(
            foldLedger(
              'mnist',
              events.flatMap((event, index) => [other[index] ?? event, event]),
            ),
          ),
        ).toEqual(comparable(whole));
      }),
    );
  });

  it('nothing in the state is from nowhere: champions were promoted or returned to, locks were taken', () => {
    fc.assert(
      fc.property(anyLedger, (events) => {
        const state = fold(events);
        for (const [name, { champion }] of Object.entries(state.environments)) {
          if (champion === undefined) continue;
          const told = events.some(
            (event) =>
              (event.kind === 'rollout.promoted' &&
                event.data.environment === name &&
                event.data.version === champion.version) ||
              (event.kind === 'rollout.rolled-back' &&
                event.data.environment === name &&
                event.data.stable === champion.version),
          );
          expect(told).toBe(true);
        }
        expect(state.events).toBe(events.length);
      }),
    );
  });
});

function comparable(state: LedgerState) {
  return { ...state, ids: [...state.ids].toSorted(), dispatches: [...state.dispatches].toSorted() };
}

describe('packages', () => {
  it('belong to registered versions only', () => {
    const write = startScribe();
    const built = { version: '8', package: packageOf('8'), runId: 'r', artifactPath: '', sizeBytes: 1 };
    expect(codeOf([], write('package.built', built))).toBe('ledger-rule');
  });
});
