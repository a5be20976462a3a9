import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signStatement } from '../../../adapters/signing/attestation.ts';
import { digestHex } from '../../../core/identity/digest.ts';
import type { Envelope } from '../../../core/ledger/envelope.ts';
import { PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from '../../../core/ledger/statement.ts';

const ZEROS = `sha256:${'0'.repeat(64)}`;

/** When a statement was signed, and what of it is not as `signOrder` has it. */
export type OrderWords = Partial<Omit<Statement['predicate'], 'ledger'>> & { readonly events?: number };

/** A key that hosts trust, as a file, and statements that it signs. */
export type TestSigner = {
  readonly publicFile: string;
  /** A statement that this package of a version of `mnist` passed its gate. */
  readonly signOrder: (manifestDigest: string, version: string, words: OrderWords) => Envelope;
  readonly close: () => void;
};

/** Makes a key pair, whose public half lies in a folder of its own until it is closed. */
export function createTestSigner(): TestSigner {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const folder = mkdtempSync(join(tmpdir(), 'ty-keys-'));
  const publicFile = join(folder, 'signing.pub');
  writeFileSync(publicFile, publicKey.export({ type: 'spki', format: 'pem' }), { mode: 0o600 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return {
    publicFile,
    signOrder: (manifestDigest, version, words) =>
      signStatement(composeOrder(manifestDigest, version, words), pem),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The statement that `signOrder` signs. */
function composeOrder(manifestDigest: string, version: string, { events, ...words }: OrderWords): Statement {
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: `mnist@${manifestDigest}`, digest: { sha256: digestHex(manifestDigest) } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      ...{ verdict: 'pass', model: 'mnist', version, runId: 'run', modelDigest: ZEROS },
      gate: { headline: 'ok', holdoutDigest: ZEROS, evidenceDigest: ZEROS, judgedAt: '2026-01-01T00:00:00Z' },
      code: { repository: 'acme/models', sha: 'abc' },
      ...{ environment: 'production', replaces: [], signedAt: '2026-01-01T00:00:00Z' },
      ...(events !== undefined && { ledger: { commit: 'c', events, last: `e${events}` } }),
      ...words,
    },
  };
}
