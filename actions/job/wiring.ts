import { mkdtempSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemClock } from '../../adapters/clock.ts';
import { configVariables } from '../../adapters/without-secrets.ts';
import type { Config } from '../../core/config/config.ts';
import type { ParseOptions } from '../../core/config/parse-config.ts';
import { atLeastOne, type Problem, UserError } from '../../core/errors.ts';
import type { LedgerHead } from '../../core/ledger/head/ledger-head.ts';
import { SECRETS, TRUSTED_KEYS_VARIABLE } from '../../core/names.ts';
import type { GitHub, Ledger, Log, Tracking } from '../../core/ports.ts';
import type { Result } from '../../core/result.ts';
import type { Host } from './host.ts';

// What connects a job with its surroundings is evaluated where a job asks for it: none needs all, and together they take long.

/** Who the ledger's commits are by. */
const AUTHOR = { name: 'trainyard', email: 'trainyard@users.noreply.github.com' };

/** The configuration in the workspace. Rejects with a UserError that holds all its problems, each at its place. */
export async function readConfig(
  { workspace, env }: Pick<Host, 'workspace' | 'env'>,
  file: string,
): Promise<Config> {
  const { loadConfig } = await import(/* webpackMode: "eager" */ '../../adapters/load-config.ts');
  return accept(await loadConfig(workspace, file, configVariables(env)));
}

/** The same, and the text it was read from; variables of sections that are not in `needs` may be missing. Rejects likewise. */
export async function readConfigAndText(
  { workspace, env }: Pick<Host, 'workspace' | 'env'>,
  file: string,
  options: ParseOptions,
): Promise<{ readonly config: Config; readonly text: string }> {
  const [{ readConfigText }, { parseConfig }] = await Promise.all([
    import(/* webpackMode: "eager" */ '../../adapters/load-config.ts'),
    import(/* webpackMode: "eager" */ '../../core/config/parse-config.ts'),
  ]);
  const text = accept(await readConfigText(workspace, file));
  return { config: accept(parseConfig(text, { file, env: configVariables(env), ...options })), text };
}

function accept<T>(read: Result<T, readonly Problem[]>): T {
  if (read.ok) return read.value;
  throw new UserError(atLeastOne(read.error));
}

/** MLflow at the configured address, signed in as MLflow's own clients would. */
export async function connectTracking({ env, fetch }: Host, config: Config): Promise<Tracking> {
  const {
    MLFLOW_TRACKING_USERNAME: username,
    MLFLOW_TRACKING_PASSWORD: password,
    MLFLOW_TRACKING_TOKEN: token,
  } = env;
  const options = {
    uri: config.tracking.uri,
    http: { fetch },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { token }),
  };
  const { createMlflow } = await import(/* webpackMode: "eager" */ '../../adapters/mlflow/tracking.ts');
  return createMlflow(options, systemClock);
}

/** The API of the repository the workflow runs in. */
export async function connectGitHub(host: Host, token: string, log: Log): Promise<GitHub> {
  const { apiUrl, fetch, workflow, runUrl } = host;
  const [{ createGitHub }, { hydrateOctokit }] = await Promise.all([
    import(/* webpackMode: "eager" */ '../../adapters/github.ts'),
    import(/* webpackMode: "eager" */ './hydrate-octokit.ts'),
  ]);
  const client = hydrateOctokit({ apiUrl, token, fetch, onWarning: log.warn });
  return createGitHub({ client, apiUrl, repository: workflow.repository, logUrl: runUrl });
}

type LedgerWish = {
  readonly log: Pick<Log, 'warn'>;
  readonly seen: LedgerHead | undefined;
  readonly purpose?: 'take-back' | 'all';
};

/**
 * The ledger branch of the repository: of the checkout's origin, or else of the server's address of it. `seen` is how far plan saw it
 * go, where there was a plan. For what takes back, a ledger that can't be believed as it stands is in the way of nothing.
 */
export async function connectLedger(
  host: Host,
  token: string,
  { log, seen, purpose = 'all' }: LedgerWish,
): Promise<Ledger> {
  const [{ createGitLedger }, { findRemote }, { createLineKeys }, { readPublicKeys }] = await Promise.all([
    import(/* webpackMode: "eager" */ '../../adapters/git/ledger.ts'),
    import(/* webpackMode: "eager" */ '../../adapters/git/credentials.ts'),
    import(/* webpackMode: "eager" */ '../../adapters/signing/line-keys.ts'),
    import(/* webpackMode: "eager" */ '../../adapters/signing/read-public-keys.ts'),
  ]);
  const keys = createLineKeys({
    privateKey: host.env[SECRETS.signingKey],
    trusted: readPublicKeys(host.env[TRUSTED_KEYS_VARIABLE] ?? ''),
  });
  for (const { message, remedy } of keys.flaws) log.warn(`${message} ${remedy}`);
  const origin = await findRemote(host.workspace, host.run);
  const remote = origin ?? `${host.serverUrl}/${host.workflow.repository}.git`;
  return createGitLedger({
    remote,
    checkout: host.workspace,
    clock: systemClock,
    author: AUTHOR,
    keys,
    purpose,
    run: host.run,
    dir: tempFolder(host, 'ledger'),
    ...(token !== '' && { token }),
    onWarning: log.warn,
    ...(seen !== undefined && { seen }),
  });
}

/** A fresh folder that lives as long as the job. */
export function tempFolder({ temp }: Host, name: string): string {
  return mkdtempSync(path.join(temp, `trainyard-${name}-`));
}

/** Files in one temporary folder of the job. */
export function createScratch(host: Host) {
  const folder = tempFolder(host, 'files');
  const tempPath = (name: string) => path.join(folder, name);
  return {
    folder,
    tempPath,
    readText: (file: string) => readFile(file, 'utf8'),
    writeTemp: async (name: string, text: string) => {
      await writeFile(tempPath(name), text);
      return tempPath(name);
    },
  };
}
