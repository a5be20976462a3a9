import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOf,
  parseDuration,
  parsePercent,
  parsePoints,
  parseRate,
  parseSize,
} from '../../../core/config/schema/quantity.ts';
import { didYouMean } from '../../../core/did-you-mean.ts';

describe('quantities', () => {
  it.each([
    ['500ms', 0.5],
    ['1.5h', 5_400],
    ['2w', 1_209_600],
    ['0s', 0],
  ])('reads the duration %s', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(['', '5', 'm', '-5m', '5 m', '5M', '1h30m', '1e3s', 'Infinitys'])(
    'takes %j for no duration',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it('reads sizes, percents, points and rates, and nothing like them', () => {
    expect(parseSize('1.5 GiB')).toBe(1_610_612_736);
    expect(parseSize('10')).toBeUndefined();
    expect(parsePercent('7%')).toBe(0.07);
    expect(parsePoints('0.5pp')).toBe(0.005);
    expect(parsePercent('0.5pp')).toBeUndefined();
    expect(parseRate('3/7d')).toEqual({ count: 3, perSeconds: 604_800 });
    expect(parseRate('3/0s')).toBeUndefined();
    expect(parseRate('3/week')).toBeUndefined();
  });
});

describe('a count or a share', () => {
  it.each([
    [{ kind: 'count' as const, count: 2 }, 3, 2],
    [{ kind: 'share' as const, share: 0.25 }, 3, 0],
    [{ kind: 'share' as const, share: 0.25 }, 8, 2],
    [{ kind: 'share' as const, share: 0.29 }, 100, 29],
  ])('%j of %i is %i', (meant, total, expected) => {
    expect(countOf(meant, total)).toBe(expected);
  });
});

describe('did you mean', () => {
  it('finds a name with two letters swapped, and one with an underscore', () => {
    expect(didYouMean('modle', ['model', 'mode2'])).toBe('model');
    expect(didYouMean('batch_size', ['batch-size'])).toBe('batch-size');
  });

  it('suggests nothing for another word', () => {
    expect(didYouMean('banana', ['model', 'gate'])).toBeUndefined();
    expect(didYouMean('x', [])).toBeUndefined();
  });

  it('finds every name with one letter lost', () => {
    const names = ['environments', 'commands', 'tracking', 'project'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), (name, at) => {
        const index = at % name.length;
        expect(didYouMean(name.slice(0, index) + name.slice(index + 1), names)).toBe(name);
      }),
    );
  });
});
