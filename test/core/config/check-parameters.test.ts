import { describe, expect, it } from 'vitest';
import { checkParameters } from '../../../core/config/mlproject/check-parameters.ts';
import { parseMlproject } from '../../../core/config/mlproject/parse-mlproject.ts';

/** The codes of what is wrong with one parameter, written so in MLproject, that is given this value or none. */
function flawsOf(written: string, value?: string | number | boolean): readonly string[] {
  const text = `entry_points: { main: { parameters: { rate: ${written} } } }`;
  const parsed = parseMlproject(text, 'MLproject');
  if (!parsed.ok || parsed.value.entryPoints['main'] === undefined)
    throw new Error('MLflow reads this file.');
  const values = value === undefined ? {} : { rate: value };
  const given = { entry: parsed.value.entryPoints['main'], values };
  return checkParameters(parsed.value, 'main', given).map(({ code }) => code);
}

describe('a value', () => {
  it.each([
    ['float', ['nan', '-inf', 'Infinity', '1_000', '1_0.5e1_0', '1.', '.5', 1e-7, ' 2 ']],
    ['int', ['1_000', '+3', -4]],
    ['bool', ['y', 'T', 'no', 'f', '1', true]],
    ['choice', ['anything']],
  ])('that Python reads as %s is taken', (type, values) => {
    expect(values.flatMap((value) => flawsOf(type, value))).toEqual([]);
  });

  it.each([
    ['float', ['fast', '', '1__0', '_1', '1_', '.', '0x10', true]],
    ['int', ['1.5', '1e3', '1_', 'nan']],
    ['bool', ['maybe', '2']],
  ])('that Python does not read as %s is refused', (type, values) => {
    expect(values.map((value) => flawsOf(type, value))).toEqual(values.map(() => ['bad-parameter']));
  });
});

describe('a default', () => {
  it.each([
    ['null, which is none', '{ type: float, default: null }', ['missing-project-parameter']],
    ['a list', '{ type: string, default: [1, 2] }', []],
    ['infinite', '{ type: float, default: .inf }', []],
    ['of no said type', '{ type: null, default: 1 }', []],
  ])('that is %s', (_, written, flaws) => {
    expect(flawsOf(written)).toEqual(flaws);
  });
});
