import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SECRET_FILES, SECRETS_FOLDER } from '../../core/init/settings.ts';
import { SECRETS } from '../../core/names.ts';

const TOKEN_BYTES = 32;

/** Files that stand for nothing without each other, and how they are made together. */
const SETS: readonly (() => Readonly<Record<string, string>>)[] = [
  makeKeyPair,
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
 * Makes what must be nobody's guess, where there is none yet: the key pair that signs what may be served, the token of the agents and the
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

function makeKeyPair(): Readonly<Record<string, string>> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    [SECRET_FILES[SECRETS.signingKey]]: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'signing.pub': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
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
