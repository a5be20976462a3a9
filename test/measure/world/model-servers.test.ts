import { expect, it } from 'vitest';
import { type ModelServer, servesKnowably } from '../../../measure/world/host/model-servers.ts';

const SERVER: ModelServer = {
  ...{ version: '1', port: 20_001, captureFolder: '', startedAt: 0, state: 'serving', servingSince: 1_500 },
  ...{ checkHangsUntil: 0, isToldToServe: false },
};

it.each<[string, Partial<ModelServer>, boolean]>([
  ['it serves, and a check would tell', {}, true],
  ['its check hangs since before it served', { checkHangsUntil: 9_000 }, false],
  ['its check hangs since it told', { checkHangsUntil: 9_000, isToldToServe: true }, true],
  ['its check hangs no more', { checkHangsUntil: 5_000 }, true],
  ['it loads', { state: 'loading', isToldToServe: true }, false],
])('knows whether an agent could know that a server answers: %s', (_case, differs, expected) => {
  expect(servesKnowably({ ...SERVER, ...differs }, 5_000)).toBe(expected);
});

it('does not take a server that is gone for one that answers', () => {
  expect(servesKnowably(undefined, 0)).toBe(false);
});
