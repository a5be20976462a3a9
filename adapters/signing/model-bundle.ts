import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { type Problem, UserError } from '../../core/errors.ts';
import {
  BUNDLE_TYPE,
  certificateBundleSchema,
  type KeyBundle,
  keyBundleSchema,
} from '../../core/ledger/bundle/bundle.ts';
import {
  composeModelStatement,
  type FolderFiles,
  MODEL_PREDICATE,
  type ModelStatement,
  modelStatementSchema,
} from '../../core/ledger/bundle/model-statement.ts';
import { err, ok, type Result } from '../../core/result.ts';
import { encodeForSigning } from './dsse.ts';
import { readPrivateKeys } from './private-keys.ts';
import { readPublicKeys } from './read-public-keys.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/** The curves that the specification's program knows, by OpenSSL's name, and the digest that goes with each (NIST P-256, P-384, P-521). */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'sha256'],
  ['secp384r1', 'sha384'],
  ['secp521r1', 'sha512'],
]);

/** Signs the files of a folder; gives the text of the bundle that lies beside them. */
export type SignFolder = (name: string, files: FolderFiles) => string;

/**
 * Signs folders with the ECDSA key among the private keys of a text (PEM). `undefined` where none is among them: the specification's
 * program takes no Ed25519 key, so that a bundle by one would be worth nothing to others.
 */
export function createFolderSigner(privateKeys: string): SignFolder | undefined {
  const key = readPrivateKeys(privateKeys).find((one) => digestFor(one) !== undefined);
  const digest = key && digestFor(key);
  if (key === undefined || digest === undefined) return undefined;
  const hint = hintOf(createPublicKey(key));
  return (name, files) => {
    const payload = Buffer.from(JSON.stringify(composeModelStatement(name, files, hashAll)));
    const sig = sign(digest, encodeForSigning(PAYLOAD_TYPE, payload), key).toString('base64');
    const bundle = {
      mediaType: BUNDLE_TYPE,
      verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
      dsseEnvelope: {
        payload: payload.toString('base64'),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig, keyid: '' }],
      },
    };
    return `${JSON.stringify(bundle)}\n`;
  };
}

/** What was signed of a folder, and with which key: the SHA-256 of its PEM, as bundles name it. */
export type OpenedBundle = { readonly statement: ModelStatement; readonly key: string };

/** The keys that bundles are believed by: ECDSA public keys, SPKI PEM, as a text may hold several. Throws a UserError for any other. */
export function readBundleKeys(text: string): readonly KeyObject[] {
  const keys = readPublicKeys(text).map((pem) => createPublicKey(pem));
  const other = keys.find((key) => digestFor(key) === undefined);
  if (keys.length > 0 && other === undefined) return keys;
  const kind = other === undefined ? 'no public key in PEM' : `a key of the type ${describeKey(other)}`;
  throw new UserError([
    {
      code: 'model-key-invalid',
      message: `What models are to be signed with holds ${kind}.`,
      remedy:
        'Give ECDSA public keys on P-256, P-384 or P-521: `openssl pkey -in model.key -pubout`. OpenSSF Model Signing knows no other.',
    },
  ]);
}

/** What a bundle says of a folder, once one of the keys has signed it. Nothing of it is read before. */
export function openBundle(text: string, keys: readonly KeyObject[]): Result<OpenedBundle, Problem> {
  const json = parseJson(text);
  const read = keyBundleSchema.safeParse(json);
  if (!read.success) return err(describeOther(json));
  const { verificationMaterial, dsseEnvelope } = read.data;
  const { hint } = verificationMaterial.publicKey;
  const named = hint ? keys.filter((key) => hintOf(key) === hint) : keys;
  if (named.length === 0)
    return err(
      problem(
        'model-signed-by-other',
        `It was signed with the key ${hint}, and the keys known are ${keys.map(hintOf).join(', ')}.`,
      ),
    );
  const signer = named.find((key) => isSignedBy(key, dsseEnvelope));
  if (signer === undefined)
    return err(problem('model-signature-invalid', 'None of the known keys made its signature.'));
  const statement = readStatement(parseJson(Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8')));
  return statement.ok ? ok({ statement: statement.value, key: hintOf(signer) }) : statement;
}

function isSignedBy(
  key: KeyObject,
  { payloadType, payload, signatures }: KeyBundle['dsseEnvelope'],
): boolean {
  const signed = encodeForSigning(payloadType, Buffer.from(payload, 'base64'));
  return signatures.every(({ sig }) => verify(digestFor(key) ?? '', signed, key, Buffer.from(sig, 'base64')));
}

function readStatement(json: unknown): Result<ModelStatement, Problem> {
  const read = modelStatementSchema.safeParse(json);
  if (!read.success)
    return err(
      problem('model-statement-unknown', `What is signed is no statement of the kind ${MODEL_PREDICATE}.`),
    );
  const { subject, predicate } = read.data;
  const { method, hash_type: hashType } = predicate.serialization;
  const algorithms = new Set([hashType, ...predicate.resources.map(({ algorithm }) => algorithm)]);
  if (method !== 'files' || algorithms.size !== 1 || !algorithms.has('sha256')) {
    const message = `It was signed by ${method} with ${[...algorithms].join(' and ')}; only whole files with sha256 are verified here.`;
    return err(problem('model-statement-unknown', message));
  }
  const names = predicate.resources.map(({ name }) => name);
  const root = hashAll(predicate.resources.map(({ digest }) => digest));
  if (root === subject[0]?.digest.sha256 && new Set(names).size === names.length) return ok(read.data);
  return err(
    problem('model-statement-unknown', 'Its list of files is not the one that it has the digest of.'),
  );
}

function describeOther(json: unknown): Problem {
  if (!certificateBundleSchema.safeParse(json).success)
    return problem(
      'model-bundle-unknown',
      `It is no bundle of the type ${BUNDLE_TYPE} that was signed with a key.`,
    );
  return {
    code: 'model-signed-by-certificate',
    message:
      'It was signed with a certificate, as Sigstore does without a key; this is verified with a key only.',
    remedy:
      'Verify it in a step of its own, by `model_signing verify sigstore` or `verify certificate` (docs/how-to/signed-models.md), or have it signed with a key.',
  };
}

function problem(code: string, message: string): Problem {
  return {
    code,
    message,
    remedy:
      'Ask whoever gave you the model for its bundle and public key, by another way than the model came.',
  };
}

/** SHA-256 over the bytes of digests, one after the other: the digest of a model in the specification. */
function hashAll(digests: readonly string[]): string {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(Buffer.from(digest, 'hex'));
  return hash.digest('hex');
}

function digestFor(key: KeyObject): string | undefined {
  return key.asymmetricKeyType === 'ec' ? CURVES.get(key.asymmetricKeyDetails?.namedCurve ?? '') : undefined;
}

function describeKey(key: KeyObject): string {
  return key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
}

/** As the specification's program names a key: the SHA-256 of its PEM. */
function hintOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'pem' }))
    .digest('hex');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
