import { describe, expect, it } from 'vitest';
import type { ServingInput } from '../../../core/config/config.ts';
import { parse, problemsOf } from './read-text.ts';

const FILE = `version: 1
model: pets
gate: [{ metric: accuracy, floor: 0.9 }]
data: { holdout: { path: data/holdout.parquet } }
serving:
  input: `;

/** What the file says of pictures. */
function inputOf(written: string): ServingInput | undefined {
  return parse(`${FILE}${written}\n`).serving.input;
}

/** The code of each problem, and what is said of it. */
function refusalsOf(written: string): readonly string[] {
  return problemsOf(`${FILE}${written}\n`).map(({ code, message, remedy }) => `${code} ${message} ${remedy}`);
}

describe('the steps of a picture', () => {
  it('are complete where only what can not be guessed is written', () => {
    expect(inputOf('{ kind: image, size: [28, 20], mode: L }')).toEqual({
      ...{ kind: 'image', size: [28, 20], mode: 'L', interpolation: 'bilinear' },
      ...{ scale: 1, mean: [0], std: [1], layout: 'CHW' },
    });
  });

  it('are those of ImageNet as they are usually written', () => {
    const written =
      '{ kind: image, size: [224, 224], mode: RGB, shorter-side: 256, interpolation: bicubic, scale: 1/255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], layout: HWC }';
    expect(inputOf(written)).toEqual({
      ...{ kind: 'image', size: [224, 224], mode: 'RGB', shorterSide: 256, interpolation: 'bicubic' },
      ...{ scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], layout: 'HWC' },
    });
  });

  it.each([
    ['{ kind: image, size: [28, 28], mode: L, scale: -1 / 255, mean: [-1] }', -1 / 255],
    ['{ kind: image, size: [28, 28], mode: L, scale: 0.5 }', 0.5],
  ])('%s have the scale %d', (written, scale) => {
    expect(inputOf(written)).toMatchObject({ scale });
  });

  it.each([
    ['{ kind: image, size: [28, 28], mode: L, mean: [0.1, 0.2, 0.3] }', /^picture-channels .*one channel/],
    ['{ kind: image, size: [28, 28], mode: RGB, std: [0.1, 0.2] }', /^picture-channels .*3 channels/],
    ['{ kind: image, size: [28, 28], mode: RGB, std: [0.1, 0, 0.2] }', /^picture-std /],
    ['{ kind: image, size: [28, 28], mode: RGB, layout: HW }', /^picture-layout /],
    ['{ kind: image, size: [28, 224], mode: RGB, shorter-side: 200 }', /^picture-size .*200 pixels/],
    ['{ kind: image, size: [28, 28], mode: L, scale: 1/0 }', /fraction/],
    ['{ kind: image, size: [28, 28], mode: L, scale: 0 }', /fraction/],
    ['{ kind: image, size: [28, 28], mode: L, scale: half }', /fraction/],
    ['{ kind: image, size: 28, mode: L }', /two whole numbers/],
    ['{ kind: image, size: [28, 100000], mode: L }', /2048/],
    ['{ kind: image, size: [28, 28] }', /mode/],
    ['{ kind: text, size: [28, 28], mode: L }', /image/],
  ])('%s are refused', (written, said) => {
    expect(refusalsOf(written)).toEqual([expect.stringMatching(said)]);
  });
});
