import { expect, it } from 'vitest';
import { append, judged, useAttackedLedger } from '../attack/ledger/support/ledger-writer.ts';
import { promotionOf, startOf, writeVersion } from '../core/ledger/ledger-support.ts';

const { begin, keys, open, openLedger, write } = useAttackedLedger();
const NAMED = '2026-11-20T12:00:00.000Z';
const RESTING =
  'What serves production (version 2) rests on them, and serves on until another version is promoted.';

it('a champion that only an unsigned beginning knows serves on, and every job with a key is told so', async () => {
  await begin('no-keys');
  await append(open(), write('frozen', { reason: 'the first signed line' }), write('unfrozen', {}));
  const said: string[] = [];
  const read = () => openLedger({ keys, onWarning: (text) => said.push(text) }).read('mnist');
  expect((await read()).environments['production']?.champion?.version).toBe('2');
  expect(said.join()).toContain(RESTING);
  const passed = write('gate.judged', { ...judged('4'), champion: '2' });
  await append(open(), passed, ...writeVersion(write, '4').slice(1));
  await append(open(), write('rollout.started', { ...startOf('4', '2'), namedAt: NAMED }));
  await append(open(), write('rollout.promoted', { ...promotionOf('4'), previous: '2' }));
  said.length = 0;
  expect((await read()).environments['production']?.champion?.version).toBe('4');
  expect(said.join()).not.toContain('rests on them');
});
