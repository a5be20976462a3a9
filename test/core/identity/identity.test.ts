import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { digestHex, digestOf, digestSchema } from '../../../core/identity/digest.ts';
import { modelNameSchema } from '../../../core/identity/model-name.ts';
import { packageFolder } from '../../../core/identity/package-folder.ts';
import { packageName, packageNameSchema, parsePackageName } from '../../../core/identity/package-name.ts';
import { readVersion, versionSchema } from '../../../core/identity/version.ts';

const HEX = 'a1'.repeat(32);
const DIGEST = `sha256:${HEX}`;

describe('a model name', () => {
  test.each(['mnist', 'fraud.v2', 'my_model.prod', 'A-1', '7', 'a'.repeat(63)])('%s', (name) => {
    expect(modelNameSchema.parse(name)).toBe(name);
  });

  test.each(['', '.', '..', '-a', '_a', '.hidden', 'a/b', 'a b', 'a@b', 'ä', 'a\n', 'a'.repeat(64)])(
    '%j is none',
    (name) => {
      expect(modelNameSchema.safeParse(name).success).toBe(false);
    },
  );
});

describe('a version', () => {
  test.each(['1', '8', '10', '2147483647'])('%s', (version) => {
    expect(versionSchema.parse(version)).toBe(version);
    expect(readVersion(version)).toBe(version);
    expect(readVersion(`v${version}`)).toBe(version);
  });

  test.each(['', '0', '08', '-1', '1.5', 'v', 'vv1', 'V1', '1 ', '12345678901'])('%j is none', (version) => {
    expect(versionSchema.safeParse(version).success).toBe(false);
    expect(readVersion(version)).toBeUndefined();
  });

  it('is stored without its v', () => {
    expect(versionSchema.safeParse('v8').success).toBe(false);
  });
});

describe('a digest', () => {
  it('goes to its hex digits and back', () => {
    expect(digestSchema.parse(digestOf(HEX))).toBe(DIGEST);
    expect(digestHex(DIGEST)).toBe(HEX);
    expect(digestHex(HEX)).toBe(HEX);
  });

  test.each(['', HEX, `sha256:${HEX}0`, `sha256:${HEX.toUpperCase()}`, `sha1:${HEX}`])(
    '%j is none',
    (text) => {
      expect(digestSchema.safeParse(text).success).toBe(false);
    },
  );
});

describe('a package name', () => {
  it('is the model and the digest of the manifest', () => {
    expect(packageName('fraud.v2', DIGEST)).toBe(`fraud.v2@${DIGEST}`);
    expect(packageNameSchema.parse(`fraud.v2@${DIGEST}`)).toBe(`fraud.v2@${DIGEST}`);
    expect(packageFolder(DIGEST)).toBe(`trainyard/package/${HEX}`);
  });

  it('is taken apart again', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/), (model) => {
        expect(parsePackageName(packageName(model, DIGEST))).toEqual({ model, digest: DIGEST });
      }),
    );
  });

  test.each(['', 'mnist', '@', `@${DIGEST}`, DIGEST, 'mnist@sha256:12', `a@b@${DIGEST}`, `../x@${DIGEST}`])(
    '%j is none',
    (name) => {
      expect(parsePackageName(name)).toBeUndefined();
      expect(packageNameSchema.safeParse(name).success).toBe(false);
    },
  );
});
