import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFolderSigner, openBundle, readBundleKeys } from '../../adapters/signing/model-bundle.ts';
import { UserError } from '../../core/errors.ts';
import { compareFolder, type FolderFiles } from '../../core/ledger/bundle/model-statement.ts';
import { hashFolder, SIGNED_MODEL } from './support/signed-folder.ts';

/** The specification's own program, in an environment of its own: model-signing 1.1.1 and pyOpenSSL 26.4.0 of PyPI. */
const MODEL_SIGNING = process.env['MODEL_SIGNING'];
const MODEL = path.join(SIGNED_MODEL, 'model');
const textOf = (name: string) => readFileSync(path.join(SIGNED_MODEL, name), 'utf8');
const keysOf = (...curves: readonly string[]) =>
  readBundleKeys(curves.map((curve) => textOf(`keys/${curve}.pub`)).join('\n'));

/** How a bundle ends by keys and files: the code of its refusal, or what differs. */
function judge(text: string, curves: readonly string[], files: FolderFiles = hashFolder(MODEL)) {
  const opened = openBundle(text, keysOf(...curves));
  return opened.ok ? compareFolder(opened.value.statement, files) : opened.error.code;
}

const NOTHING = { changed: [], missing: [], added: [], unsigned: [] };

/** The bundle with another payload, or other words around it, and the signature as it was. */
function change(text: string, edit: (bundle: Record<string, unknown>) => object): string {
  return JSON.stringify(edit(JSON.parse(text)));
}

describe('a bundle that the specification’s own program has made', () => {
  test.each(['p256', 'p384', 'p521'])(
    'is believed by the key that made it, on %s, and by it alone',
    (curve) => {
      const others = ['p256', 'p384', 'p521'].filter((one) => one !== curve);
      expect(judge(textOf(`${curve}.sig`), [curve])).toEqual(NOTHING);
      expect(judge(textOf(`${curve}.sig`), [...others, curve])).toEqual(NOTHING);
      expect(judge(textOf(`${curve}.sig`), others)).toBe('model-signed-by-other');
    },
  );

  test('names each file that is not as it was signed', () => {
    const files = new Map(hashFolder(MODEL));
    files.set('data/weights.txt', '0'.repeat(64));
    files.delete('MLmodel');
    files.set('data/loader.py', '1'.repeat(64));
    expect(judge(textOf('p256.sig'), ['p256'], files)).toEqual({
      ...{ changed: ['data/weights.txt'], missing: ['MLmodel'], added: ['data/loader.py'], unsigned: [] },
    });
  });

  test('says what its signer left out', () => {
    expect(judge(textOf('ignoring.sig'), ['p256'])).toEqual({ ...NOTHING, unsigned: ['requirements.txt'] });
  });
});

describe('a bundle is refused', () => {
  const good = () => textOf('p256.sig');
  const payload = (edit: (statement: string) => string) =>
    change(good(), (bundle) => {
      const envelope = bundle['dsseEnvelope'] as { payload: string };
      const statement = edit(Buffer.from(envelope.payload, 'base64').toString());
      return { ...bundle, dsseEnvelope: { ...envelope, payload: Buffer.from(statement).toString('base64') } };
    });

  test.each<[string, () => string, string]>([
    [
      'that was changed after it was signed',
      () => payload((text) => text.replace('MLmodel', 'MLmodex')),
      'model-signature-invalid',
    ],
    [
      'that names another key',
      () => change(good(), (bundle) => ({ ...bundle, verificationMaterial: { publicKey: { hint: 'ab' } } })),
      'model-signed-by-other',
    ],
    [
      'of another version of the format',
      () => change(good(), (bundle) => ({ ...bundle, mediaType: 'application/x' })),
      'model-bundle-unknown',
    ],
    ['that is no JSON', () => 'PK', 'model-bundle-unknown'],
    [
      'that a certificate vouches for, as Sigstore makes them',
      () =>
        change(good(), (bundle) => ({
          ...bundle,
          verificationMaterial: { certificate: { rawBytes: 'AA==' } },
        })),
      'model-signed-by-certificate',
    ],
  ])('%s', (_what, text, code) => {
    expect(judge(text(), ['p256'])).toBe(code);
  });

  test('by nobody’s key but an ECDSA key of the specification', () => {
    const pem = { type: 'spki', format: 'pem' } as const;
    const ed25519 = generateKeyPairSync('ed25519').publicKey.export(pem).toString();
    const other = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export(pem).toString();
    expect(() => readBundleKeys(ed25519)).toThrow(/a key of the type ed25519.*P-256, P-384 or P-521/s);
    expect(() => readBundleKeys(other)).toThrow(/secp256k1/);
    expect(() => readBundleKeys('a key')).toThrow(UserError);
  });
});

describe('a bundle of ours', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'ty-bundle-'));
    cpSync(MODEL, path.join(folder, 'model'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** The folder signed with a new key, as a repository's secret holds it; gives the files' names that go with it. */
  function signHere(namedCurve = 'prime256v1') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    const pem = (key: typeof privateKey) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
    const secret = pem(generateKeyPairSync('ed25519').privateKey) + pem(privateKey);
    const place = { model: path.join(folder, 'model'), key: path.join(folder, 'model.pub') };
    const bundle = path.join(place.model, 'model.sig');
    const text = createFolderSigner(secret)?.('model', hashFolder(place.model)) ?? '';
    writeFileSync(bundle, text);
    writeFileSync(place.key, publicKey.export({ type: 'spki', format: 'pem' }));
    return { ...place, bundle, text };
  }

  test('is believed by us, and says so where a file was changed', () => {
    const { key, text } = signHere('secp384r1');
    const opened = openBundle(text, readBundleKeys(readFileSync(key, 'utf8')));
    if (!opened.ok) throw new Error(opened.error.message);
    expect(compareFolder(opened.value.statement, hashFolder(MODEL))).toEqual(NOTHING);
  });

  test('is not made without a key that others could verify it by', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    expect(
      createFolderSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    ).toBeUndefined();
    expect(createFolderSigner('')).toBeUndefined();
  });

  test.skipIf(MODEL_SIGNING === undefined)(
    'is believed by the specification’s own program, beside what MLflow adds to a download (skipped without MODEL_SIGNING)',
    () => {
      const { model, key, bundle } = signHere();
      writeFileSync(path.join(model, 'registered_model_meta'), 'version: 8\n');
      const verify = () =>
        execFileSync(
          MODEL_SIGNING ?? '',
          ['verify', 'key', model, '--signature', bundle, '--public_key', key],
          {
            encoding: 'utf8',
            stdio: 'pipe',
          },
        );
      expect(verify()).toContain('Verification succeeded');
      writeFileSync(path.join(model, 'data', 'weights.txt'), 'others\n');
      expect(verify).toThrow(/Hash mismatch for 'data\/weights.txt'/);
    },
    60_000,
  );

  test.skipIf(MODEL_SIGNING === undefined)(
    'is no other than what that program makes of the same folder (skipped without MODEL_SIGNING)',
    () => {
      const { model, text } = signHere();
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
      const [key, bundle] = [path.join(folder, 'k'), path.join(folder, 'b')];
      writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
      execFileSync(MODEL_SIGNING ?? '', [
        ...['sign', 'key', model, '--private_key', key, '--signature', bundle],
        ...['--ignore-paths', path.join(model, 'model.sig')],
      ]);
      const statementOf = (one: string) =>
        JSON.parse(Buffer.from(JSON.parse(one).dsseEnvelope.payload, 'base64').toString());
      const [ours, theirs] = [statementOf(text), statementOf(readFileSync(bundle, 'utf8'))];
      expect(ours.subject).toEqual(theirs.subject);
      expect(ours.predicate.resources).toEqual(theirs.predicate.resources);
    },
    60_000,
  );
});
