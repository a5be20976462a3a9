import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluateGate } from '../../actions/evaluate-gate/evaluate-gate.ts';
import { register } from '../../actions/register/register.ts';
import { openBundle, readBundleKeys } from '../../adapters/signing/model-bundle.ts';
import { hashFolder, SIGNED_MODEL } from '../adapters/support/signed-folder.ts';
import { createGateBench } from './support/gate-bench.ts';
import { showReport } from './support/show-report.ts';

const textOf = (name: string) => readFileSync(path.join(SIGNED_MODEL, name), 'utf8');
const FILES = [...hashFolder(path.join(SIGNED_MODEL, 'model')).keys()].map(
  (file) => [file, textOf(`model/${file}`)] as const,
);
const SIGNED = [...FILES, ['model.sig', textOf('p256.sig')] as const];

/** What register makes of a model with these files, where it has to be signed with the key on that curve. */
async function registerModel(files: readonly (readonly [string, string])[], curve = 'p256') {
  const gate = await createGateBench(970);
  for (const [file, text] of files) gate.world.tracking.modelFiles.set(file, text);
  await evaluateGate('both', gate.request, gate.ports);
  const keys = readBundleKeys(textOf(`keys/${curve}.pub`));
  return {
    registered: register(gate.request, { ...gate.ports, openBundle: (text) => openBundle(text, keys) }),
    kinds: () => gate.world.ledger.kinds(),
  };
}

describe('a model from outside that has to be signed', () => {
  test('is registered as it was signed, and its report says by which key', async () => {
    const { registered } = await registerModel(SIGNED);
    const { report, result } = await registered;
    expect(showReport(report)).toMatch(/It is as it was signed, 4 files, with the key [0-9a-f]{16}…/);
    expect(result['signed']).toMatchObject([{ folder: '.', files: 4, unsigned: [] }]);
  });

  test('may be a folder of one that was trained here; what nobody signed is named', async () => {
    const inside = SIGNED.map(([file, text]) => [`artifacts/weights/${file}`, text] as const);
    const { registered } = await registerModel([...inside, ['MLmodel', 'ours'], ['conda.yaml', 'ours']]);
    const said = showReport((await registered).report);
    expect(said).toContain('Its folder artifacts/weights is as it was signed, 4 files');
    expect(said).toContain('Not signed: MLmodel, conda.yaml.');
  });

  test.each<[string, readonly (readonly [string, string])[], string, RegExp]>([
    ['a file was changed', [...SIGNED, ['data/weights.txt', 'others']], 'p256', /changed: data\/weights.txt/],
    ['a file was added', [...SIGNED, ['data/loader.py', 'import os']], 'p256', /not signed: data\/loader.py/],
    ['a file is gone', SIGNED.filter(([file]) => file !== 'MLmodel'), 'p256', /not there: MLmodel/],
    ['it brings no bundle', FILES, 'p256', /brings no bundle/],
    ['somebody else signed it', SIGNED, 'p384', /model\.sig of the model: It was signed with the key/],
  ])('is not registered where %s', async (_what, files, curve, words) => {
    const { registered, kinds } = await registerModel(files, curve);
    await expect(registered).rejects.toThrow(words);
    expect(kinds()).not.toContain('version.registered');
  });
});
