import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { continueFold } from '../../../core/ledger/fold.ts';
import { anyEvents } from './any-events.ts';
import { anyLedger } from './any-ledger.ts';
import { fold, promotionOf, startOf, startScribe, writeVersion } from './ledger-support.ts';
import { foldPlainly } from './plain-fold.ts';

/** Versions one after the other: each second one is taken back after its promotion. */
function deliver(versions: number): readonly LedgerEvent[] {
  const write = startScribe();
  return Array.from({ length: versions }, (_, index) => {
    const version = String(index + 1);
    const rollout = { rollout: `r${version}`, environment: 'production', version };
    const back = { ...rollout, stable: String(index), code: 'x', explanation: '' };
    return [
      write('training.requested', { operation: 'train', sha: 'a', parameters: {} }),
      ...writeVersion(write, version),
      write('rollout.started', startOf(version)),
      write('rollout.promoted', promotionOf(version)),
      ...(index % 2 === 1 ? [write('rollout.rolled-back', back)] : []),
    ];
  }).flat();
}

function secondsToFold(events: readonly LedgerEvent[]): number {
  const before = process.cpuUsage();
  fold(events);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

describe('the fold of a long ledger', () => {
  it('gives what the events mean one by one, in whatever order they come', () => {
    const isPlain = (events: readonly LedgerEvent[]) => {
      expect(fold(events)).toEqual(foldPlainly('mnist', events));
    };
    fc.assert(fc.property(anyEvents, isPlain));
    fc.assert(fc.property(anyLedger, isPlain));
  });

  it('finds what to return to as the whole history would say', () => {
    const version = fc.constantFrom('1', '2', '3', '4', '5');
    const ending = fc.record({ version, stable: version, isBack: fc.boolean() });
    fc.assert(
      fc.property(fc.array(ending, { maxLength: 30, size: 'max' }), (endings) => {
        const write = startScribe();
        const made = ['1', '2', '3', '4', '5'].flatMap((one) => writeVersion(write, one));
        const ended = endings.map(({ version: of, stable, isBack }) => {
          const back = { rollout: 'r', environment: 'production', version: of, stable, code: '' };
          if (isBack) return write('rollout.rolled-back', { ...back, explanation: '' });
          return write('rollout.promoted', promotionOf(of));
        });
        expect(fold([...made, ...ended])).toEqual(foldPlainly('mnist', [...made, ...ended]));
      }),
      { numRuns: 300 },
    );
  });

  it('goes on from any state to the same end, and leaves that state as it was', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(60), (events, at) => {
        const before = fold(events.slice(0, at));
        const rest = continueFold(before);
        for (const event of events.slice(at)) rest.add(event);
        expect(rest.state()).toEqual(fold(events));
        expect(before).toEqual(foldPlainly('mnist', events.slice(0, at)));
      }),
    );
  });

  it('costs an event the same, however many came before', () => {
    fold(deliver(500));
    expect(secondsToFold(deliver(6_000))).toBeLessThan(1);
  });
});
