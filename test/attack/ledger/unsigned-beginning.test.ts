import { describe, expect, it } from 'vitest';
import { promotionOf, startOf, writeVersion } from '../../core/ledger/ledger-support.ts';
import { append, judged, useAttackedLedger } from './support/ledger-writer.ts';

const { audit, begin, keys, open, openLedger, write } = useAttackedLedger();
const NAMED = '2026-11-20T12:00:00.000Z';

/** Version 3 is judged against the one that serves, by a job without a key or by whoever may push; the first signed line comes after. */
async function beginUnsigned(): Promise<void> {
  const ledger = await begin('no-keys');
  const passed = [
    write('gate.judged', { ...judged('3'), champion: '2' }),
    ...writeVersion(write, '3').slice(1),
  ];
  await append(ledger, ...passed);
  await append(open(), write('frozen', { reason: 'a signed line' }), write('unfrozen', {}));
}

describe('a ledger that nobody signed before the key was there', () => {
  it('is named to every job that knows a key, and to no other', async () => {
    await beginUnsigned();
    const said: string[] = [];
    const onWarning = (text: string) => said.push(text);
    await openLedger({ keys, onWarning }).read('mnist');
    await openLedger({ onWarning }).read('mnist');
    expect((await audit('trust')).output).toContain(
      'warning: unsigned-beginning: The first 13 lines of mnist',
    );
    expect(said).toEqual([
      expect.stringMatching(/^The first 13 events of the ledger of mnist are not signed/),
    ]);
  });

  it('rolls out what it passed only where a person names the version', async () => {
    await beginUnsigned();
    const start = startOf('3', '2');
    await expect(append(open(), write('rollout.started', start))).rejects.toThrow(
      'was passed before the first signed line',
    );
    await append(open(), write('rollout.started', { ...start, namedAt: NAMED }));
    await append(open(), write('rollout.promoted', { ...promotionOf('3'), previous: '2' }));
    expect((await open().read('mnist')).environments['production']?.champion?.version).toBe('3');
  });

  it('gives no traffic to a rollout that it began, and takes that back', async () => {
    const ledger = await begin('no-keys');
    await append(
      ledger,
      ...[write('gate.judged', { ...judged('3'), champion: '2' }), ...writeVersion(write, '3').slice(1)],
      write('rollout.started', { ...startOf('3', '2'), namedAt: NAMED }),
    );
    const raised = write('rollout.advanced', {
      ...{ rollout: 'r3', environment: 'production', version: '3', stage: 1, percent: 10 },
      explanation: 'Trust me.',
    });
    for (const event of [raised, write('rollout.promoted', { ...promotionOf('3'), previous: '2' })])
      await expect(append(open(), event)).rejects.toThrow('was begun before the first signed line');
    await append(
      open(),
      write('rollout.rolled-back', {
        ...{ rollout: 'r3', environment: 'production', version: '3', stable: '2' },
        ...{ code: 'requested', explanation: 'ada asked for it.' },
      }),
    );
    expect((await open().read('mnist')).environments['production']?.champion?.version).toBe('2');
  });
});
