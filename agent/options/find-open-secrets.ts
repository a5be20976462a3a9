import { type Stats, statSync } from 'node:fs';
import type { OptionName, OptionValues } from './table.ts';

/** Whoever reads one of these can do as this host, or as whoever deploys to it. */
const SECRET_FILES = [
  'tokensFile',
  'tlsKey',
  'githubTokenFile',
  'githubAppKeyFile',
  'dispatchSecretFile',
] as const satisfies readonly OptionName[];
const OTHERS_READ = 0o004;

/** The files of secrets that every user of this host may read, as ssh looks at its keys. */
export function findOpenSecrets(values: OptionValues): readonly string[] {
  const files = SECRET_FILES.flatMap((name) => values[name] ?? []);
  return [...new Set(files)].filter((file) => {
    // What comes from a pipe has no mode of its own, and what can't be looked at is told where it is read.
    const about = lookAt(file);
    return about?.isFile() === true && (about.mode & OTHERS_READ) !== 0;
  });
}

function lookAt(file: string): Stats | undefined {
  try {
    return statSync(file);
  } catch {
    return undefined;
  }
}

/** What is said of such files, with the command that mends it. */
export function describeOpenSecrets(files: readonly string[]): string {
  const what = files.length > 1 ? 'files of secrets' : 'file of secrets';
  return `Every user of this host who gets there may read the ${what} ${files.join(', ')}: chmod o-r ${files.join(' ')}`;
}
