import { expect, test } from 'vitest';
import { prove } from '../../actions/serving/attest.ts';
import type { Envelope } from '../../core/ledger/envelope.ts';
import {
  fold,
  packageOf,
  promotionOf,
  startOf,
  startScribe,
  writeVersion,
} from '../core/ledger/ledger-support.ts';

const signed = (payload: string): Envelope => ({
  payloadType: 'application/vnd.in-toto+json',
  payload,
  signatures: [{ keyid: 'k', sig: 'c2ln' }],
});

test('a job without a key gives a host what was signed last for its own environment, and nothing of another', async () => {
  const write = startScribe();
  const events = [
    ...writeVersion(write, '8'),
    write('rollout.started', { ...startOf('8'), envelope: signed('b2xk') }),
    write('rollout.promoted', { ...promotionOf('8'), envelope: signed('b3du') }),
    write('rollout.started', { ...startOf('8'), environment: 'staging', envelope: signed('c3RhZ2luZw==') }),
  ];
  const state = fold(events);
  const known = state.versions['8'];
  if (known === undefined) throw new Error('version 8 is missing');
  const ports = { attest: () => undefined, history: async () => events, log: { warn: () => undefined } };
  const recall = (environment: string) =>
    prove(ports, state, { known, package: packageOf('8'), environment });
  expect(await recall('production')).toEqual(signed('b3du'));
  expect(await recall('staging')).toEqual(signed('c3RhZ2luZw=='));
  expect(await recall('elsewhere')).toBeUndefined();
});
