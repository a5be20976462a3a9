import { describe, expect, it } from 'vitest';
import { addLink, findBreak, NEW_CHAIN } from '../../../core/ledger/chain/chain.ts';
import { joinSignatures, splitSignatures } from '../../../core/ledger/chain/seal.ts';

type Link = Parameters<typeof findBreak>[1];

/** What each of these lines breaks, one after the other. */
function follow(...links: readonly Partial<Link>[]): readonly (string | undefined)[] {
  let chain = NEW_CHAIN;
  return links.map((link, index) => {
    const whole = { kind: 'unfrozen', digest: `d${index}`, follows: undefined, isSigned: false, ...link };
    const found = findBreak(chain, whole);
    chain = addLink(chain, whole);
    return found?.code;
  });
}

const FIRST = { follows: NEW_CHAIN.last };

describe('the chain of lines', () => {
  it('begins with nothing, or after lines of before there was one', () => {
    expect(follow(FIRST, { follows: 'd0' })).toEqual([undefined, undefined]);
    expect(follow({}, {}, { follows: 'd1' }, { follows: 'd2' })).toEqual(Array(4).fill(undefined));
  });

  it('is never left again once it has begun', () => {
    expect(follow({}, { follows: 'd0' }, {}, { follows: 'd2' })).toEqual([
      undefined,
      undefined,
      'ledger-chain',
      undefined,
    ]);
  });

  it('breaks where a line follows another than the one before it', () => {
    expect(follow(FIRST, { follows: 'd7' }, { follows: 'd1' })).toEqual([
      undefined,
      'ledger-chain',
      undefined,
    ]);
    expect(follow({ follows: 'd0' })).toEqual(['ledger-chain']);
  });

  it('is signed from the first signature on', () => {
    const signed = (follows: string) => ({ follows, isSigned: true });
    expect(follow(FIRST, signed('d0'), { follows: 'd1' }, signed('d2'))).toEqual([
      undefined,
      undefined,
      'ledger-unsigned',
      undefined,
    ]);
  });
});

it('what only takes back is believed without a signature, in a signed chain too', () => {
  const signed = { follows: NEW_CHAIN.last, isSigned: true };
  expect(follow(signed, { kind: 'rollout.rolled-back', follows: 'd0' })).toEqual([undefined, undefined]);
  expect(follow(signed, { kind: 'frozen', follows: 'd0' })).toEqual([undefined, undefined]);
  expect(follow(signed, { kind: 'rollout.promoted', follows: 'd0' })).toEqual([undefined, 'ledger-unsigned']);
});

describe('the signatures of a line', () => {
  const signatures = [{ keyid: 'k', sig: 'AA==' }];

  it('stand at its end, over all that comes before', () => {
    const payload = '{"data":{"envelope":{"signatures":[]}},"follows":"x"}';
    const line = joinSignatures(payload, signatures);
    expect(JSON.parse(line)).toEqual({ ...JSON.parse(payload), signatures });
    expect(splitSignatures(line)).toEqual({ payload, signatures });
  });

  it.each([
    '{"a":1}',
    '{"a":1,"signatures":[]}',
    '{"a":1,"signatures":[{"keyid":"k"}]}',
    '{"a":1,"signatures":[{"keyid":"k","sig":"AA=="}],"b":2}',
    '{"data":{"a":1,"signatures":[{"keyid":"k","sig":"AA=="}]}}',
    '{"a":1,"signatures":[{"keyid":"k","sig":"AA=="}]}}',
    'not even JSON',
  ])('are not found elsewhere: %s', (line) => {
    expect(splitSignatures(line)).toBeUndefined();
  });
});
