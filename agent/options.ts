import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type Problem, UserError } from '../core/errors.ts';
import { OPTION_SPECS, type OptionName, readRawOptions, variableName } from './option-specs.ts';
import type { DispatchCredential, DispatchTarget } from './outbox/dispatch-target.ts';
import { type AccessToken, parseTokens } from './parse-tokens.ts';

/** The longest data folder: Unix sockets lie below it, and their paths may have 107 bytes. */
const MAX_DATA_DIR_LENGTH = 60;

/** An IP address and port to listen on. */
export type Endpoint = { readonly address: string; readonly port: number };

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

const seconds = z.coerce.number().positive();
const bytes = z.coerce.number().int().positive();
const count = z.coerce.number().int().positive();
const text = z.string().min(1);

const valuesSchema = z.object({
  'data-dir': text
    .transform((folder) => resolve(folder))
    .refine((folder) => folder.length <= MAX_DATA_DIR_LENGTH, {
      error: `its path may have ${MAX_DATA_DIR_LENGTH} characters at most, because Unix sockets lie in it`,
    }),
  'host-name': text.max(253),
  environment: text,
  listen: text.transform(parseEndpoint),
  'tls-cert': text.optional(),
  'tls-key': text.optional(),
  'allow-plaintext': z.stringbool(),
  'data-plane': text.transform(parseEndpoint),
  runtime: z.enum(['process', 'docker']),
  python: text,
  'docker-host': text,
  'docker-network': text,
  'docker-memory-bytes': bytes,
  'docker-pids': count,
  'docker-keep-images': count,
  'docker-reserve-bytes': bytes,
  tokens: text.optional(),
  'tokens-file': text.optional(),
  'trusted-keys': text.optional(),
  'github-api-url': z.url({ protocol: /^https?$/ }),
  repository: z
    .string()
    .regex(/^[\w.-]+\/[\w.-]+$/, { error: 'it is written owner/name' })
    .optional(),
  'github-token': text.optional(),
  'github-token-file': text.optional(),
  'github-app-id': text.optional(),
  'github-app-key-file': text.optional(),
  'dispatch-secret': text.optional(),
  'dispatch-secret-file': text.optional(),
  'tick-seconds': seconds,
  'capture-seconds': seconds,
  'window-seconds': seconds,
  'drift-cycle-seconds': seconds,
  'drift-tolerance': z.coerce.number().positive().max(1),
  'drift-false-alarm-seconds': seconds,
  'heartbeat-seconds': seconds,
  'start-timeout-seconds': seconds,
  'retention-days': z.coerce.number().positive(),
  'max-body-bytes': bytes,
  'max-package-bytes': bytes,
  'reserve-bytes': bytes,
  'max-in-flight': count,
  'sticky-header': z
    .string()
    .regex(/^[\w-]+$/, { error: 'it is the name of a header, as x-user-id' })
    .transform((name) => name.toLowerCase())
    .optional(),
  'envoy-threads': count,
} satisfies Record<OptionName, z.ZodType>);

/**
 * Reads flags (`--data-dir x`) and, behind them, the environment (`TRAINYARD_AGENT_DATA_DIR`). Rejects with one UserError that
 * holds every problem. Secrets are taken from files or the environment only, since flags show in the list of processes.
 */
export function readOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): AgentOptions {
  const { values, problems } = readRawOptions(argv, env);
  const parsed = valuesSchema.safeParse({ 'host-name': hostname(), ...values });
  const found: Problem[] = [...problems];
  if (!parsed.success) {
    found.push(...parsed.error.issues.map((issue) => optionProblem(String(issue.path[0]), issue.message)));
    throw new UserError(atLeastOne(found));
  }
  const options = combine(parsed.data, found);
  if (found.length > 0) throw new UserError(atLeastOne(found));
  return options;
}

type Values = z.infer<typeof valuesSchema>;

/** Joins options that belong together, adding what is wrong between them to `found`. */
function combine(values: Values, found: Problem[]): AgentOptions {
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

function readTls(values: Values, found: Problem[]): AgentOptions['tls'] {
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

function readTokens(values: Values, found: Problem[]): readonly AccessToken[] {
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

function readTrustedKeys(values: Values, found: Problem[]): readonly string[] {
  const file = values['trusted-keys'];
  const text = file === undefined ? undefined : readFile('trusted-keys', file, found);
  if (text === undefined) return [];
  const keys = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (keys.length === 0) found.push(optionProblem('trusted-keys', `${file} holds no public key in PEM`));
  return keys;
}

function readDispatch(values: Values, found: Problem[]): DispatchTarget | undefined {
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

function readCredential(values: Values, found: Problem[]): DispatchCredential | undefined {
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
  values: Values,
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

function parseEndpoint(value: string, context: z.core.$RefinementCtx<string>): Endpoint {
  const match = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d{1,5})$/.exec(value);
  const { address = '', port = '' } = match?.groups ?? {};
  if (isIP(address) === 0 || Number(port) > 65_535) {
    context.addIssue('it is written <IP address>:<port>, as in 127.0.0.1:9443');
  }
  return { address, port: Number(port) };
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
