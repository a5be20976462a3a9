import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { SECRET_FILES, SECRETS_FOLDER } from '../../core/init/settings.ts';
import { SECRETS } from '../../core/names.ts';

const TOKEN_BYTES = 32;

/**
 * Makes what must be nobody's guess, where there is none yet: the key pair that signs what may be served, the token of the agents and the
 * file that they know it by, the secret of their reports. Only their owner may read them. Gives the files that were made.
 */
export function makeSecrets(root: string): readonly string[] {
  const folder = path.join(root, SECRETS_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const token = () => randomBytes(TOKEN_BYTES).toString('hex');
  const made: string[] = [];
  const write = (name: string, text: string) => {
    writeFileSync(path.join(folder, name), text, { mode: 0o600, flag: 'wx' });
    made.push(`${SECRETS_FOLDER}/${name}`);
  };
  if (!existsSync(path.join(folder, SECRET_FILES[SECRETS.signingKey]))) {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    write(SECRET_FILES[SECRETS.signingKey], privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    write('signing.pub', publicKey.export({ type: 'spki', format: 'pem' }).toString());
  }
  if (!existsSync(path.join(folder, SECRET_FILES[SECRETS.agentToken]))) {
    const deployer = token();
    write(SECRET_FILES[SECRETS.agentToken], deployer);
    write('tokens', `deployer ${deployer}\nreader   ${token()}\n`);
  }
  if (!existsSync(path.join(folder, SECRET_FILES[SECRETS.dispatchSecret]))) {
    write(SECRET_FILES[SECRETS.dispatchSecret], token());
  }
  return made;
}
