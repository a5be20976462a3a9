import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../../core/ledger/event.ts';
import { findStartBar } from '../../../core/ledger/find-start-bar.ts';
import { fold, minute, promotionOf, startOf, startScribe, writeVersion } from './ledger-support.ts';

const environment = 'production';
const write = startScribe();
const judged = (version: string, champion: string) =>
  write('gate.judged', {
    ...{ runId: `run-${version}`, verdict: 'pass', headline: '', champion },
    ...{ holdoutDigest: `sha256:${'ab'.repeat(32)}`, evidenceDigest: `sha256:${'ab'.repeat(32)}` },
  });
/** Version 7 serves; 8 and 9 were judged against it. */
const SERVING = [
  ...['7', '8', '9'].flatMap((version) => writeVersion(write, version)),
  write('rollout.started', startOf('7')),
  write('rollout.promoted', promotionOf('7')),
  judged('8', '7'),
  judged('9', '7'),
];
const backAs = (code: string): readonly LedgerEvent[] => [
  write('rollout.started', startOf('8', '7')),
  write('rollout.rolled-back', {
    ...{ rollout: 'r8', environment, version: '8', stable: '7', code, explanation: 'It failed.' },
  }),
];

function barOf(events: readonly LedgerEvent[], version: string, namedAt?: string) {
  return findStartBar(fold(events), { environment, version, namedAt })?.code;
}

describe('a rollout may begin', () => {
  it('over the champion that the gate compared its version with', () => {
    expect(barOf(SERVING, '8')).toBeUndefined();
    const newer = [
      ...SERVING,
      write('rollout.started', startOf('9', '7')),
      write('rollout.promoted', promotionOf('9')),
    ];
    expect(barOf(newer, '8')).toBe('judged-against-other');
    expect(barOf([...newer, judged('8', '9')], '8')).toBeUndefined();
  });

  it('over nothing only while nothing serves', () => {
    const versions = [...writeVersion(write, '7'), ...writeVersion(write, '8')];
    expect(barOf(versions, '8')).toBeUndefined();
    const first = [
      ...versions,
      write('rollout.started', startOf('7')),
      write('rollout.promoted', promotionOf('7')),
    ];
    expect(barOf(first, '8')).toBe('judged-against-other');
  });

  it('where nothing serves, whatever it was compared with elsewhere', () => {
    expect(
      findStartBar(fold(SERVING), { environment: 'staging', version: '8', namedAt: undefined }),
    ).toBeUndefined();
  });

  it('of a version that was taken back only when a person has named it since', () => {
    const back = [...SERVING, ...backAs('errors-worse')];
    const { at } = back.at(-1) ?? { at: '' };
    expect(barOf(back, '8')).toBe('taken-back');
    expect(barOf(back, '8', minute(0))).toBe('taken-back');
    expect(barOf(back, '8', at)).toBeUndefined();
    expect(barOf([...SERVING, ...backAs('requested')], '8')).toBe('taken-back');
    expect(barOf([...SERVING, ...backAs('a-code-of-tomorrow')], '8')).toBe('taken-back');
  });

  it('of a version that did harm and was retried in vain only when a person has named it since', () => {
    const back = [...SERVING, ...backAs('errors-worse')];
    const retried = [...back, ...backAs('deadline-passed'), ...backAs('frozen')];
    expect(barOf(retried, '8')).toBe('taken-back');
    expect(barOf(retried, '8', back.at(-1)?.at)).toBeUndefined();
  });

  it('of one that was taken back for want of data, or for something else than itself', () => {
    for (const code of ['deadline-passed', 'hold-expired', 'frozen', 'locked', 'other-champion']) {
      expect(barOf([...SERVING, ...backAs(code)], '8')).toBeUndefined();
    }
  });
});
