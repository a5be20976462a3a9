import { expect } from 'vitest';
import type { SceneResult } from '../../../measure/scenes/scene.ts';

/** Fails with what a scene observed in the place of what it expected, for each of its checks that did not hold. */
export function expectAllHeld({ checks }: SceneResult): void {
  expect(checks.filter(({ held }) => !held)).toEqual([]);
}
