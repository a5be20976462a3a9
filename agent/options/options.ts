import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Problem, UserError } from '../../core/errors.ts';
import type { DispatchCredential, DispatchTarget } from '../outbox/dispatch-target.ts';
import { OPTION_SPECS, type OptionName, readRawOptions, variableName } from './specs.ts';
import { type AccessToken, parseTokens } from './tokens.ts';
import { type Endpoint, type OptionValues, optionValuesSchema } from './values.ts';

/** How containers run, with the docker runtime. */
export type DockerOptions = {
  readonly host: string;
  readonly network: string;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly keepImages: number;
  readonly reserveBytes: number;
};

/** Everything the agent is told at its start. Times in seconds, sizes in bytes. */
export type AgentOptions = {
  readonly dataDir: string;
  readonly hostName: string;
  readonly environment: string;
  readonly listen: Endpoint;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly dataPlane: Endpoint;
  readonly runtime: 'process' | 'docker';
  readonly python: string;
  readonly docker: DockerOptions;
  readonly tokens: readonly AccessToken[];
  /** Ed25519 public keys in PEM; with none, packages need no signature. */
  readonly trustedKeys: readonly string[];
  readonly dispatch: DispatchTarget | undefined;
  readonly tickSeconds: number;
  readonly captureSeconds: number;
  readonly windowSeconds: number;
  readonly driftCycleSeconds: number;
  readonly driftTolerance: number;
  readonly driftFalseAlarmSeconds: number;
  readonly heartbeatSeconds: number;
  readonly startTimeoutSeconds: number;
  readonly retentionDays: number;
  readonly maxBodyBytes: number;
  readonly maxPackageBytes: number;
  /** Free space on the disk of `dataDir` below which no package is taken, in bytes. */
  readonly reserveBytes: number;
  readonly maxInFlight: number;
  readonly stickyHeader: string | undefined;
  readonly envoyThreads: number;
};

/**
 * Reads flags (`--data-dir x`) and, behind them, the environment (`TRAINYARD_AGENT_DATA_DIR`). Rejects with one UserError that
 * holds every problem. Secrets are taken from files or the environment only, since flags show in the list of processes.
 */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): AgentOptions {
  const { values, problems } = readRawOptions(argv, env);
  const parsed = optionValuesSchema.safeParse({ 'host-name': hostname(), ...values });
  const found: Problem[] = [...problems];
  if (!parsed.success) {
    found.push(...parsed.error.issues.map((issue) => optionProblem(String(issue.path[0]), issue.message)));
    throw new UserError(atLeastOne(found));
  }
  const options = combine(parsed.data, found);
  if (found.length > 0) throw new UserError(atLeastOne(found));
  return options;
}

/** Joins options that belong together, adding what is wrong between them to `found`. */
function combine(values: OptionValues, found: Problem[]): AgentOptions {
  const tls = readTls(values, found);
  const isOpen = !isLoopback(values.listen.address);
  if (isOpen && tls === undefined && !values['allow-plaintext']) {
    found.push(
      optionProblem(
        'listen',
        'an address that others can reach needs --tls-cert and --tls-key, or --allow-plaintext behind a proxy that encrypts',
      ),
    );
  }
  const tokens = readTokens(values, found);
  return {
    dataDir: values['data-dir'],
    hostName: values['host-name'],
    environment: values.environment,
    listen: values.listen,
    tls,
    dataPlane: values['data-plane'],
    runtime: values.runtime,
    python: values.python,
    docker: {
      host: values['docker-host'],
      network: values['docker-network'],
      memoryBytes: values['docker-memory-bytes'],
      pids: values['docker-pids'],
      keepImages: values['docker-keep-images'],
      reserveBytes: values['docker-reserve-bytes'],
    },
    tokens,
    trustedKeys: readTrustedKeys(values, found),
    dispatch: readDispatch(values, found),
    tickSeconds: values['tick-seconds'],
    captureSeconds: values['capture-seconds'],
    windowSeconds: values['window-seconds'],
    driftCycleSeconds: values['drift-cycle-seconds'],
    driftTolerance: values['drift-tolerance'],
    driftFalseAlarmSeconds: values['drift-false-alarm-seconds'],
    heartbeatSeconds: values['heartbeat-seconds'],
    startTimeoutSeconds: values['start-timeout-seconds'],
    retentionDays: values['retention-days'],
    maxBodyBytes: values['max-body-bytes'],
    maxPackageBytes: values['max-package-bytes'],
    reserveBytes: values['reserve-bytes'],
    maxInFlight: values['max-in-flight'],
    stickyHeader: values['sticky-header'],
    envoyThreads: values['envoy-threads'],
  };
}

function readTls(values: OptionValues, found: Problem[]): AgentOptions['tls'] {
  const { 'tls-cert': certFile, 'tls-key': keyFile } = values;
  if (certFile === undefined && keyFile === undefined) return undefined;
  if (certFile === undefined || keyFile === undefined) {
    found.push(optionProblem('tls-cert', '--tls-cert and --tls-key go together'));
    return undefined;
  }
  const cert = readFile('tls-cert', certFile, found);
  const key = readFile('tls-key', keyFile, found);
  return cert === undefined || key === undefined ? undefined : { cert, key };
}

function readTokens(values: OptionValues, found: Problem[]): readonly AccessToken[] {
  const text = readSecret(values, 'tokens', 'tokens-file', found);
  const parsed = parseTokens(text ?? '');
  found.push(...parsed.problems.map((message) => optionProblem('tokens-file', message)));
  if (parsed.tokens.length === 0 && parsed.problems.length === 0) {
    found.push(
      optionProblem('tokens-file', 'at least one access token is needed, as a line "deployer <token>"'),
    );
  }
  return parsed.tokens;
}

function readTrustedKeys(values: OptionValues, found: Problem[]): readonly string[] {
  const file = values['trusted-keys'];
  const text = file === undefined ? undefined : readFile('trusted-keys', file, found);
  if (text === undefined) return [];
  const keys = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (keys.length === 0) found.push(optionProblem('trusted-keys', `${file} holds no public key in PEM`));
  return keys;
}

function readDispatch(values: OptionValues, found: Problem[]): DispatchTarget | undefined {
  const { repository } = values;
  if (repository === undefined) return undefined;
  const credential = readCredential(values, found);
  const secret = readSecret(values, 'dispatch-secret', 'dispatch-secret-file', found);
  if (secret === undefined) {
    found.push(optionProblem('dispatch-secret-file', 'reports to a repository are signed with a secret'));
  }
  if (credential === undefined || secret === undefined) return undefined;
  return { apiUrl: values['github-api-url'].replace(/\/$/, ''), repository, credential, secret };
}

function readCredential(values: OptionValues, found: Problem[]): DispatchCredential | undefined {
  const { 'github-app-id': appId, 'github-app-key-file': keyFile } = values;
  if (appId !== undefined && keyFile !== undefined) {
    const privateKey = readFile('github-app-key-file', keyFile, found);
    return privateKey === undefined ? undefined : { kind: 'app', appId, privateKey };
  }
  const token = readSecret(values, 'github-token', 'github-token-file', found);
  if (token !== undefined) return { kind: 'token', token };
  found.push(
    optionProblem('github-token-file', 'reports to a repository need a token, or an App’s id and key file'),
  );
  return undefined;
}

type SecretName = 'tokens' | 'github-token' | 'dispatch-secret';

function readSecret(
  values: OptionValues,
  name: SecretName,
  file: `${SecretName}-file`,
  found: Problem[],
): string | undefined {
  const path = values[file];
  return path === undefined ? values[name] : readFile(file, path, found)?.trim();
}

function readFile(option: OptionName, path: string, found: Problem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    found.push(optionProblem(option, `the file ${path} can't be read`));
    return undefined;
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}

function optionProblem(name: string, message: string): Problem {
  const spec = OPTION_SPECS.find((option) => option.name === name);
  const variable = spec === undefined ? '' : ` or ${variableName(spec.name)}`;
  const flag = spec !== undefined && 'isSecret' in spec ? variableName(spec.name) : `--${name}${variable}`;
  return { code: 'option-invalid', message: `--${name}: ${message}.`, remedy: `Set ${flag}.` };
}

function atLeastOne(problems: readonly Problem[]): [Problem, ...Problem[]] {
  const [first, ...rest] = problems;
  if (first === undefined) throw new Error('no problem to report');
  return [first, ...rest];
}

/** The file of the agent's database. */
export function databaseFile(dataDir: string): string {
  return join(dataDir, 'agent.db');
}
