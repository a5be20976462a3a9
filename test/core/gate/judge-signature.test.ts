import { describe, expect, test } from 'vitest';
import { judgeSignature } from '../../../core/gate/judge/signature.ts';
import { type ModelSignature, parseSignature } from '../../../core/gate/signature.ts';

const COLUMNS =
  '[{"type": "double", "name": "age", "required": true}, {"type": "string", "name": "city", "required": false}]';
const TENSOR = '[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 28, 28]}}]';
const OUTPUT = '[{"type": "long", "required": true}]';

function signature(inputs: string, outputs = OUTPUT): ModelSignature {
  const parsed = parseSignature(inputs, outputs);
  if (parsed === undefined) throw new Error(`not a signature: ${inputs}`);
  return parsed;
}

describe('MLflow signatures are read', () => {
  test('as columns', () => {
    expect(signature(COLUMNS).inputs).toEqual([
      { name: 'age', type: 'double', required: true, shape: undefined },
      { name: 'city', type: 'string', required: false, shape: undefined },
    ]);
  });

  test('as tensors with their shape', () => {
    expect(signature(TENSOR).inputs).toEqual([
      { name: undefined, type: 'float32', required: true, shape: [-1, 28, 28] },
    ]);
  });

  test('with nested types written out', () => {
    const nested =
      '[{"type": "array", "name": "messages", "items": {"type": "object", "properties": {"role": {"type": "string", "required": true}, "name": {"type": "string", "required": false}}}}]';
    expect(signature(nested).inputs[0]?.type).toBe('array(object(name?: string, role: string))');
  });

  test('and refused when they are something else', () => {
    for (const text of ['not json', '{}', '[1]', '[{"name": "x"}]'])
      expect(parseSignature(text, undefined), text).toBeUndefined();
  });
});

describe('a challenger is compatible', () => {
  const champion = signature(COLUMNS);
  const compatible: readonly (readonly [string, ModelSignature])[] = [
    ['when its signature is the same', champion],
    ['with its columns in another order', { ...champion, inputs: champion.inputs.toReversed() }],
    [
      'with a new optional input',
      signature(COLUMNS.replace(']', ', {"type": "long", "name": "rank", "required": false}]')),
    ],
    ['when a required input has become optional', signature(COLUMNS.replace('true', 'false'))],
  ];
  test.each(compatible)('%s', (_, challenger) => {
    expect(judgeSignature({ champion, challenger })).toMatchObject({
      verdict: 'pass',
      reasons: [{ code: 'signature-compatible' }],
    });
  });

  test('when only the size of an axis has changed', () => {
    const wider = TENSOR.replace('[-1, 28, 28]', '[-1, 32, 32]');
    expect(judgeSignature({ champion: signature(TENSOR), challenger: signature(wider) }).verdict).toBe(
      'pass',
    );
  });

  test('when it is the first and has a signature', () => {
    expect(judgeSignature({ challenger: champion })).toMatchObject({
      verdict: 'pass',
      reasons: [{ code: 'signature-present' }],
    });
  });
});

describe('a challenger is not compatible', () => {
  const champion = signature(COLUMNS);
  const incompatible: readonly (readonly [string, string, ModelSignature])[] = [
    [
      'with a new required input',
      'input-added',
      signature(COLUMNS.replace(']', ', {"type": "long", "name": "rank"}]')),
    ],
    ['without an input', 'input-removed', signature('[{"type": "double", "name": "age"}]')],
    ['with an input of another type', 'input-type', signature(COLUMNS.replace('double', 'long'))],
    [
      'when an optional input has become required',
      'input-required',
      signature(COLUMNS.replace('false', 'true')),
    ],
    ['with an output of another type', 'output-type', signature(COLUMNS, OUTPUT.replace('long', 'string'))],
    ['with more outputs', 'output-added', signature(COLUMNS, '[{"type": "long"}, {"type": "long"}]')],
    ['without a signature', 'no-signature', { inputs: [], outputs: [] }],
  ];
  test.each(incompatible)('%s', (_, code, challenger) => {
    const check = judgeSignature({ champion, challenger });
    expect(check.verdict).toBe('fail');
    expect(check.reasons.map((reason) => reason.code)).toContain(code);
  });

  test('with another number of axes', () => {
    const flat = TENSOR.replace('[-1, 28, 28]', '[-1, 784]');
    expect(
      judgeSignature({ champion: signature(TENSOR), challenger: signature(flat) }).reasons[0],
    ).toMatchObject({
      code: 'input-rank',
      message: 'The input number 1 has 2 axes and had 3 axes.',
    });
  });

  test('when none was recorded at all', () => {
    expect(judgeSignature(undefined)).toMatchObject({ verdict: 'fail', reasons: [{ code: 'no-signature' }] });
  });
});
