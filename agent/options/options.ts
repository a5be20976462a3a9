import { join } from 'node:path';
import { readPublicKeys } from '../../adapters/signing/read-public-keys.ts';
import { atLeastOne, type Problem, UserError } from '../../core/errors.ts';
import type { DispatchCredential, DispatchTarget } from '../outbox/dispatch-target.ts';
import { checkProxy } from './check-proxy.ts';
import { findOpenSecrets } from './find-open-secrets.ts';
import { findModelUser, type ModelUser } from './model-user.ts';
import { found, NOT_GIVEN, problem, type Read, readFile, readSecret, wrong } from './read-file.ts';
import { readTls, type TlsSource } from './read-tls.ts';
import { readValues } from './read-values.ts';
import type { OptionValues } from './table.ts';
import { type AccessToken, parseTokens } from './tokens.ts';

/** What `Joined` is made of: files, secrets, and what says how to use them. */
type Part =
  | 'config'
  | `tls${'' | 'Cert' | 'Key' | 'ClientCa'}`
  | 'allowPlaintext'
  | 'tokens'
  | 'trustedKeys'
  | 'modelUser'
  | 'repository'
  | `github${'ApiUrl' | 'Token' | 'TokenFile' | 'AppId' | 'AppKeyFile'}`
  | `dispatchSecret${'' | 'File'}`;

/** What several options tell together. */
type Joined = {
  /** Where the certificate of the control API is kept; read anew when it changes. */
  readonly tls: TlsSource | undefined;
  readonly tokens: readonly AccessToken[];
  /** Ed25519 public keys in PEM; with none, packages need no signature. */
  readonly trustedKeys: readonly string[];
  readonly dispatch: DispatchTarget | undefined;
  /** Who model servers run as, where that is not the agent's own user. */
  readonly modelUser: ModelUser | undefined;
  /** Files of secrets that every user of the host may read. */
  readonly openSecrets: readonly string[];
};

/** Everything the agent is told at its start. Times in seconds, sizes in bytes. */
export type AgentOptions = Readonly<Omit<OptionValues, Part>> & Joined;

/**
 * Reads flags (`--data-dir x`), behind them the environment (`TRAINYARD_AGENT_DATA_DIR`), and behind that the file of `--config`. Rejects
 * with one UserError that holds every problem.
 */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): AgentOptions {
  const { options, problems } = surveyOptions(argv, env);
  if (options === undefined || problems.length > 0) throw new UserError(atLeastOne(problems));
  return options;
}

/**
 * The same with its problems beside it, for who looks at the rest all the same: what a bad file should have told is absent then. No options
 * where one of them can't be read by itself.
 */
export function surveyOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly options: AgentOptions | undefined; readonly problems: readonly Problem[] } {
  const { values, problems } = readValues(argv, env);
  if (values === undefined) return { options: undefined, problems };
  const { joined, problems: between } = joinValues(values);
  const { repository, githubApiUrl } = values;
  // Reports are all that leaves the host.
  const way = repository === undefined ? [] : checkProxy(githubApiUrl, env, process.versions.node);
  return { options: { ...values, ...joined }, problems: [...problems, ...between, ...way] };
}

function joinValues(values: OptionValues): {
  readonly joined: Joined;
  readonly problems: readonly Problem[];
} {
  const tls = readTls(values);
  const tokens = readTokens(values);
  const trustedKeys = readTrustedKeys(values);
  const dispatch = readDispatch(values);
  const modelUser = readModelUser(values);
  return {
    joined: {
      tls: tls.value,
      tokens: tokens.value ?? [],
      trustedKeys: trustedKeys.value ?? [],
      dispatch: dispatch.value,
      modelUser: modelUser.value,
      openSecrets: findOpenSecrets(values),
    },
    problems: [tls, checkListen(values, tls.value), tokens, trustedKeys, dispatch, modelUser].flatMap(
      ({ problems }) => problems,
    ),
  };
}

function checkListen({ listen: { address }, allowPlaintext }: OptionValues, tls: Joined['tls']): Read<never> {
  const isLoopback = address === '::1' || address.startsWith('127.');
  if (isLoopback || tls !== undefined || allowPlaintext) return NOT_GIVEN;
  return wrong(
    'listen',
    'an address that others can reach needs --tls-cert and --tls-key, --tls self-signed, or --allow-plaintext behind a proxy that encrypts',
  );
}

/** The tokens of their file, or else of the environment, and what is wrong with them. */
export function readTokens(
  values: Pick<OptionValues, 'tokensFile' | 'tokens'>,
): Read<readonly AccessToken[]> {
  const { value: text = '', problems: unread } = readSecret('tokensFile', values.tokensFile, values.tokens);
  const { tokens, problems } = parseTokens(text);
  if (tokens.length === 0 && problems.length === 0) {
    const none = wrong('tokensFile', 'at least one access token is needed, as a line "deployer <token>"');
    return { value: undefined, problems: [...unread, ...none.problems] };
  }
  return { value: tokens, problems: problems.map((message) => problem('tokensFile', message)) };
}

function readTrustedKeys({ trustedKeys: file }: OptionValues): Read<readonly string[]> {
  if (file === undefined) return NOT_GIVEN;
  const { value: text, problems } = readFile('trustedKeys', file);
  if (text === undefined) return { value: undefined, problems };
  const keys = readPublicKeys(text);
  return keys.length === 0 ? wrong('trustedKeys', `${file} holds no public key in PEM`) : found(keys);
}

function readModelUser({ modelUser: text }: OptionValues): Read<ModelUser> {
  if (text === undefined) return NOT_GIVEN;
  const user = findModelUser(text, { own: process.getuid?.() });
  return user.ok ? found(user.value) : wrong('modelUser', user.error);
}

function readDispatch(values: OptionValues): Read<DispatchTarget> {
  const { repository, githubApiUrl: apiUrl } = values;
  if (repository === undefined) return NOT_GIVEN;
  const credential = readCredential(values);
  const secret = readSecret('dispatchSecretFile', values.dispatchSecretFile, values.dispatchSecret);
  const isMissing = secret.value === undefined && secret.problems.length === 0;
  const missing = isMissing
    ? wrong('dispatchSecretFile', 'reports to a repository are signed with a secret')
    : secret;
  const problems = [...credential.problems, ...missing.problems];
  if (credential.value === undefined || secret.value === undefined) return { value: undefined, problems };
  return found({ apiUrl, repository, credential: credential.value, secret: secret.value });
}

function readCredential(values: OptionValues): Read<DispatchCredential> {
  const { githubAppId: appId, githubAppKeyFile: keyFile } = values;
  if (appId !== undefined && keyFile !== undefined) {
    const { value: privateKey, problems } = readFile('githubAppKeyFile', keyFile);
    return { value: privateKey === undefined ? undefined : { kind: 'app', appId, privateKey }, problems };
  }
  const { value: token, problems } = readSecret(
    'githubTokenFile',
    values.githubTokenFile,
    values.githubToken,
  );
  if (token !== undefined) return found({ kind: 'token', token });
  const none = wrong('githubTokenFile', 'reports to a repository need a token, or an App’s id and key file');
  return { value: undefined, problems: [...problems, ...none.problems] };
}

/** The file of the agent's database. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'agent.db');
}

/** The socket at which people on the host reach the agent without a token: who may open it may do everything. */
export function localSocket(dataDir: string): string {
  return join(dataDir, 'agent.sock');
}
