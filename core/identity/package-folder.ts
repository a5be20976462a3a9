import { RUN_ARTIFACTS } from '../names.ts';
import { digestHex } from './digest.ts';

/** Where in its run's artifacts the files of the package lie whose manifest has this digest. */
export function packageFolder(manifestDigest: string): string {
  return `${RUN_ARTIFACTS.package}/${digestHex(manifestDigest)}`;
}
