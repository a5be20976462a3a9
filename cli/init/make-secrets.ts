import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SECRET_FILES, SECRETS_FOLDER } from '../../core/init/settings.ts';
import { SECRETS } from '../../core/names.ts';

const TOKEN_BYTES = 32;

/** Files that stand for nothing without each other, and how they are made together. */
const SETS: readonly (() => Readonly<Record<string, string>>)[] = [
  makeKeyPairs,
  makeTokens,
  makeDispatchSecret,
];

type Secrets = {
  /** The files that were made. */
  readonly made: readonly string[];
  /** The files that lack beside one that is there, with its name: made anew they would not fit it. */
  readonly lacking: readonly { readonly file: string; readonly beside: string }[];
};

/**
 * Makes what must be nobody's guess, where there is none yet: the key pairs that sign what may be served and what others verify, the token of the agents and the
 * file that they know it by, the secret of their reports. Only their owner may read them.
 */
export function makeSecrets(root: string): Secrets {
  const folder = path.join(root, SECRETS_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const made: string[] = [];
  const lacking: { readonly file: string; readonly beside: string }[] = [];
  for (const make of SETS) {
    const files = Object.entries(make());
    const present = files.find(([name]) => existsSync(path.join(folder, name)));
    for (const [name, text] of files) {
      const file = `${SECRETS_FOLDER}/${name}`;
      if (present === undefined) {
        writeFileSync(path.join(folder, name), text, { mode: 0o600, flag: 'wx' });
        made.push(file);
      } else if (!existsSync(path.join(folder, name))) {
        lacking.push({ file, beside: `${SECRETS_FOLDER}/${present[0]}` });
      }
    }
  }
  return { made, lacking };
}

/** One secret holds both private keys: hosts and the ledger go by Ed25519, and whoever verifies a bundle can do so by ECDSA alone. */
function makeKeyPairs(): Readonly<Record<string, string>> {
  const signing = generateKeyPairSync('ed25519');
  const bundles = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    [SECRET_FILES[SECRETS.signingKey]]: [signing, bundles]
      .map((pair) => privatePem(pair.privateKey))
      .join(''),
    'signing.pub': publicPem(signing.publicKey),
    'model.pub': publicPem(bundles.publicKey),
  };
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

function makeTokens(): Readonly<Record<string, string>> {
  const deployer = randomToken();
  return {
    [SECRET_FILES[SECRETS.agentToken]]: deployer,
    tokens: `deployer ${deployer}\nreader   ${randomToken()}\n`,
  };
}

function makeDispatchSecret(): Readonly<Record<string, string>> {
  return { [SECRET_FILES[SECRETS.dispatchSecret]]: randomToken() };
}

function randomToken(): string {
  return randomBytes(TOKEN_BYTES).toString('hex');
}
