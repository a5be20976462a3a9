import os from 'node:os';
import path from 'node:path';

const NAME = path.join('trainyard', 'environments');

/**
 * Where this runner keeps the environments that models were logged with: what its operator says, else the cache of the job's user. Root's is
 * one that others find their way to: its boxes are nobody's.
 */
export function environmentsFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { TRAINYARD_ENVIRONMENTS: said, XDG_CACHE_HOME: cache, HOME: home } = env;
  if (said !== undefined && path.isAbsolute(said)) return said;
  const user = process.getuid?.();
  if (user === 0) return path.join('/var/cache', NAME);
  if (cache !== undefined && path.isAbsolute(cache)) return path.join(cache, NAME);
  if (home !== undefined && path.isAbsolute(home)) return path.join(home, '.cache', NAME);
  return path.join(os.tmpdir(), `trainyard-environments-${user ?? ''}`);
}
