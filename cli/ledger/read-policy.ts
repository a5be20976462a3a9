import { findCheckout } from '../../adapters/git/describe-checkout.ts';
import { readConfigText } from '../../adapters/load-config.ts';
import { configVariables } from '../../adapters/without-secrets.ts';
import type { Config } from '../../core/config/config.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { atLeastOne, UserError } from '../../core/errors.ts';
import type { Surroundings } from '../surroundings.ts';

/** As `readPolicy`, and `undefined` where there is no such file: one that is there and can't be read is an error all the same. */
export async function readPolicyIfThere(world: Surroundings, file: string): Promise<Config | undefined> {
  try {
    return await readPolicy(world, file);
  } catch (thrown) {
    if (thrown instanceof UserError && thrown.problems.every(({ code }) => code === 'missing-config'))
      return undefined;
    throw thrown;
  }
}

/** As much of the configuration as telling needs: what is wrong elsewhere in it stops nothing. */
export async function readPolicy({ cwd, env }: Surroundings, file: string): Promise<Config> {
  const text = await readConfigText((await findCheckout(cwd)) ?? cwd, file);
  if (!text.ok) throw new UserError(atLeastOne(text.error));
  const options = { needs: [], only: ['environments'] } as const;
  const read = parseConfig(text.value, { file, env: configVariables(env), ...options });
  if (read.ok) return read.value;
  throw new UserError(atLeastOne(read.error));
}
