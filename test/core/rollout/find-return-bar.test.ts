import { describe, expect, test } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { findReturnBar } from '../../../core/rollout/find-return-bar.ts';
import { DIGEST, fold, promotionOf, startOf, startScribe, writeVersion } from '../ledger/ledger-support.ts';

const environment = 'production';
const write = startScribe();
/** Version 5 gave way to 6, and 6 to 7; version 8 passed its gate and never served. */
const SERVING = [
  ...['5', '6', '7', '8'].flatMap((version) => writeVersion(write, version)),
  ...[write('rollout.started', startOf('5')), write('rollout.promoted', promotionOf('5'))],
  ...[write('rollout.started', startOf('6', '5')), write('rollout.promoted', promotionOf('6'))],
  ...[write('rollout.started', startOf('7', '6')), write('rollout.promoted', promotionOf('7'))],
];
const judged = (version: string, verdict: 'pass' | 'fail' | 'inconclusive') =>
  write('gate.judged', {
    ...{
      runId: `run-${version}`,
      verdict,
      headline: 'Judged.',
      holdoutDigest: DIGEST,
      evidenceDigest: DIGEST,
    },
  });
const candidate = (version: string) => write('rollout.started', startOf(version, '7'));

function barOf(events: readonly LedgerEvent[], version: string, where = environment): string {
  return findReturnBar(fold(events), { environment: where, version })?.code ?? 'open';
}

describe('a return', () => {
  test.each<[string, string, readonly LedgerEvent[], string]>([
    ['a version that served', '6', SERVING, 'open'],
    ['one further back', '5', SERVING, 'open'],
    ['one that never served', '8', SERVING, 'never-served'],
    ['one that nobody knows', '99', SERVING, 'never-served'],
    ['the candidate', '8', [...SERVING, candidate('8')], 'is-candidate'],
    ['a candidate that served before', '6', [...SERVING, candidate('6')], 'is-candidate'],
    ['the champion beside a candidate', '7', [...SERVING, candidate('8')], 'open'],
    ['the champion whose gate fell', '7', [...SERVING, candidate('8'), judged('7', 'fail')], 'open'],
    ['an older one beside a candidate', '6', [...SERVING, candidate('8')], 'open'],
    ['one whose gate fell', '6', [...SERVING, judged('6', 'fail')], 'gate-not-passed'],
    [
      'one whose gate can not tell any more',
      '6',
      [...SERVING, judged('6', 'inconclusive')],
      'gate-not-passed',
    ],
    ['one that passed again', '6', [...SERVING, judged('6', 'fail'), judged('6', 'pass')], 'open'],
  ])('to %s', (_what, version, events, expected) => {
    expect(barOf(events, version)).toBe(expected);
  });

  test('to what served in another environment only is none', () => {
    expect(barOf(SERVING, '6', 'staging')).toBe('never-served');
  });

  test('to the candidate asks what was meant', () => {
    const state = fold([...SERVING, candidate('8')]);
    expect(findReturnBar(state, { environment, version: '8' })).toMatchObject({
      message: expect.stringMatching(/^Version 8 is the candidate of the open rollout in production \(0 %\)/),
      remedy: expect.stringMatching(/^Did you mean `\/rollback production`/),
    });
  });

  test('that the gate bars names the one way that is left, where there is one', () => {
    const remedyOf = (version: string) =>
      findReturnBar(fold([...SERVING, judged(version, 'fail')]), { environment, version })?.remedy;
    expect(remedyOf('6')).toMatch(/^`\/rollback production` without a version/);
    expect(remedyOf('5')).toMatch(/^Name another version/);
  });
});
