import { describe, expect, it } from 'vitest';
import { auditLedger, type CheckEnvelope } from '../../../core/ledger/audit-ledger.ts';
import { createEvent } from '../../../core/ledger/create-event.ts';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { contextOf, minute, promotionOf, startOf, startScribe, writeVersion } from './ledger-support.ts';

const write = startScribe();
const HISTORY = [
  ...writeVersion(write, '1'),
  write('rollout.started', startOf('1')),
  write('rollout.promoted', promotionOf('1')),
];

function audit(events: readonly LedgerEvent[], checkEnvelope?: CheckEnvelope): readonly string[] {
  const options = { now: minute(1_000), ...(checkEnvelope && { checkEnvelope }) };
  return auditLedger('mnist', events, options).map(
    ({ level, code, message }) => `${level} ${code}: ${message}`,
  );
}

describe('a ledger is gone through event by event', () => {
  it('finds nothing in one that keeps its rules', () => {
    expect(audit(HISTORY)).toEqual([]);
  });

  it('an event of another model stands in the wrong files', () => {
    const stray = createEvent({ ...contextOf('x', minute(10)), model: 'other' }, 'unfrozen', {});
    expect(audit([...HISTORY, stray])).toEqual(['error other-model: It is of other, in the files of mnist.']);
  });

  it('an event that came before counts once', () => {
    expect(audit([...HISTORY, ...HISTORY.slice(0, 1)])).toEqual([
      'warning duplicate: Its id came before; it counts once.',
    ]);
  });

  it('an event that may not follow on what came before is an error', () => {
    expect(audit([write('rollout.promoted', promotionOf('2'))])).toEqual([expect.stringMatching(/^error /)]);
  });

  it('an event older than the one before by more than clocks differ deserves a look', () => {
    const early = createEvent(contextOf('early', minute(-30)), 'frozen', { reason: '' });
    expect(audit([...HISTORY, early])).toEqual([
      `warning time-order: It says ${minute(-30)}, after an event of ${HISTORY.at(-1)?.at}.`,
    ]);
  });

  it('a lock nobody released is told with its environment, where it has one', () => {
    const lock = { lock: 'deploy', holder: 'run 1', expiresAt: minute(30) } as const;
    const locked = [
      createEvent(contextOf('a', minute(5)), 'lock.acquired', { ...lock, environment: 'production' }),
      createEvent(contextOf('b', minute(6)), 'lock.acquired', { ...lock, lock: 'train' }),
    ];
    expect(audit(locked)).toEqual([
      `warning expired-lock: The deploy lock of production expired at ${minute(30)}; run 1 never released it.`,
      `warning expired-lock: The train lock expired at ${minute(30)}; run 1 never released it.`,
    ]);
  });

  it('every start and promotion needs a statement that is believed, once keys are known', () => {
    const envelope = {
      payloadType: 'application/vnd.in-toto+json' as const,
      payload: 'e30=',
      signatures: [{ keyid: 'k', sig: 'AA==' }],
    };
    const signed = [
      ...HISTORY.slice(0, 3),
      createEvent(contextOf('s', minute(7)), 'rollout.started', { ...startOf('1'), envelope }),
      createEvent(contextOf('p', minute(8)), 'rollout.promoted', { ...promotionOf('1'), envelope }),
    ];
    expect(audit(HISTORY, () => [])).toEqual([
      'error unsigned: Version 1 has no signed statement.',
      'error unsigned: Version 1 has no signed statement.',
    ]);
    const refuse: CheckEnvelope = (_, { version }) => [
      { level: 'error', code: 'signature', message: `Not of version ${version}.` },
    ];
    expect(audit(signed, () => [])).toEqual([]);
    expect(audit(signed, refuse)).toEqual([
      'error signature: Not of version 1.',
      'error signature: Not of version 1.',
    ]);
  });
});
