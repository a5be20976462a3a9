import path from 'node:path';
import { configVariables } from '../../adapters/without-secrets.ts';
import type { Config } from '../../core/config/config.ts';
import { type ParseOptions, parseConfig } from '../../core/config/parse-config.ts';
import { atLeastOne, messageOf, UserError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { Host } from './host.ts';
import { tempFolder } from './wiring.ts';

/** Which file is read, with which token its past may be, and which of its sections must be right. */
type Wanted = {
  readonly file: string;
  readonly token: string;
  readonly log: Pick<Log, 'warn'>;
  readonly options: ParseOptions;
};

type Read = { readonly config: Config; readonly text: string };

/**
 * The configuration for what makes safe: that in the workspace or, where a mistake in it is in the way, the last one on the default branch
 * that can be used, and then a warning says so. Rejects with a UserError that holds the mistakes where there is no such one.
 */
export async function readInAnyCase(host: Host, wanted: Wanted): Promise<Read> {
  const { file, log, options } = wanted;
  const { readConfigText } = await import(/* webpackMode: "eager" */ '../../adapters/load-config.ts');
  const env = configVariables(host.env);
  const text = await readConfigText(host.workspace, file);
  const read = text.ok ? parseConfig(text.value, { file, env, ...options }) : text;
  if (text.ok && read.ok) return { config: read.value, text: text.value };
  const problems = atLeastOne(read.ok ? [] : read.error);
  const earlier = await findUsable(host, wanted);
  if (earlier === undefined) throw new UserError(problems);
  const { commit, value } = earlier;
  log.warn(`${file} can't be used: ${problems[0].message} What it said at commit ${commit} counts for this.`);
  return value;
}

/** The model of a configuration that can't be read, by its past; `undefined` where that does not say. */
export async function findEarlierModel(host: Host, wanted: Wanted): Promise<string | undefined> {
  return (await findUsable(host, wanted))?.value.config.model;
}

async function findUsable(
  host: Host,
  { file, token, log, options }: Wanted,
): Promise<{ readonly commit: string; readonly value: Read } | undefined> {
  const [{ findEarlier }, { checkoutSettings, findRemote, tokenSettings }] = await Promise.all([
    import(/* webpackMode: "eager" */ '../../adapters/git/find-earlier.ts'),
    import(/* webpackMode: "eager" */ '../../adapters/git/credentials.ts'),
  ]);
  const { workspace, run, serverUrl, workflow } = host;
  const env = configVariables(host.env);
  try {
    const remote = (await findRemote(workspace, run)) ?? `${serverUrl}/${workflow.repository}.git`;
    const auth = token === '' ? await checkoutSettings(workspace, remote, run) : tokenSettings(remote, token);
    const past = { remote, auth, folder: tempFolder(host, 'past'), run };
    return await findEarlier(past, path.posix.normalize(file), (text) => {
      const parsed = parseConfig(text, { file, env, ...options });
      return parsed.ok ? { config: parsed.value, text } : undefined;
    });
  } catch (thrown) {
    log.warn(`What ${file} said before can't be looked up: ${messageOf(thrown)}`);
    return undefined;
  }
}
