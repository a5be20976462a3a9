import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../core/ports.ts';
import { plainLine } from '../core/report/plain-text.ts';
import { openAuditLog } from './audit/audit-log.ts';
import type { AgentContext } from './context.ts';
import { createEnvoy } from './envoy/envoy.ts';
import { checkPort } from './machine/check-port.ts';
import { createGpuLook } from './machine/gpu-look.ts';
import { programVariables } from './machine/program-variables.ts';
import { createExchange } from './machine/reach-out.ts';
import type { SteadyClock } from './machine/steady-clock.ts';
import { findEnvoy, findToolchain } from './machine/toolchain.ts';
import { type AgentOptions, databaseFile } from './options/options.ts';
import { listOwned } from './runtimes/process/handle.ts';
import { createProcessRuntime } from './runtimes/process/runtime.ts';
import type { Runtime } from './runtimes/runtime.ts';
import { openBlobs } from './store/blobs.ts';
import { openStore } from './store/store.ts';
import { openCertificateBook } from './tls/certificate-book.ts';
import { makeCertificate } from './tls/make-certificate.ts';

/** Reason code of a host that begins anew where one has been. */
const DATABASE_LOST = 'database-lost';

/** One line per event on standard error; systemd and Docker add the time. */
const LOG: Log = {
  info: (line) => console.error(plainLine(line)),
  warn: (line) => console.error(plainLine(`warning: ${line}`)),
  group: async (title, work) => {
    console.error(plainLine(title));
    return work();
  },
};

/** The variables an agent was started with. */
export type AgentEnvironment = Readonly<Record<string, string | undefined>>;

/** Opens this data folder, alone, and finds what runs for it. Rejects with a UserError where that can't be, and says why. */
export async function openContext(
  options: AgentOptions,
  clock: SteadyClock,
  env: AgentEnvironment,
): Promise<AgentContext> {
  const binary = await findEnvoy(options.python, env);
  mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
  warnOfLostDatabase(options.dataDir);
  const store = openStore(databaseFile(options.dataDir));
  await checkDataPlane(options);
  const { maxBodyBytes, maxInFlight, maxClientConnections, stickyHeader, requestLogShare, dataPlane } =
    options;
  return {
    options,
    store,
    blobs: openBlobs(join(options.dataDir, 'packages'), options),
    runtime: await createRuntime(options, env),
    proxy: createEnvoy({
      ...dataPlane,
      folder: join(options.dataDir, 'envoy'),
      binary,
      threads: options.envoyThreads,
      owner: proxyOf(options),
      maxBodyBytes,
      maxInFlight,
      maxClientConnections,
      stickyHeader,
      requestLogShare,
    }),
    exchange: createExchange(env, options.caFile),
    gpus: createGpuLook(programVariables(env)),
    certificate: await openCertificate(options, env),
    audit: openAuditLog(options.dataDir, LOG),
    clock,
    log: LOG,
    startedAt: clock.now(),
  };
}

/** Its fingerprint is said at each start: it is what trainyard.yml names where no authority vouches for it. */
async function openCertificate(options: AgentOptions, env: AgentEnvironment) {
  const { tls } = options;
  if (tls === undefined) return undefined;
  const isNew = await makeCertificate(options, programVariables(env));
  const book = openCertificateBook(tls, LOG);
  const { sha256, endsAt } = book.about();
  LOG.info(
    `${isNew ? 'A certificate was made' : 'The certificate'}: SHA-256 ${sha256}, good until ${endsAt}.`,
  );
  return book;
}

/** Two agents on one port would answer each other's requests by chance. A proxy of this agent that runs already is adopted. */
async function checkDataPlane(options: AgentOptions): Promise<void> {
  if (listOwned(proxyOf(options)).length > 0) return;
  await checkPort({ ...options.dataPlane, what: 'The proxy', option: '--data-plane' });
}

/** Where one has been, its loss is said aloud: everything begins anew, and so do the numbers that others know. */
function warnOfLostDatabase(dataDir: string): void {
  const file = databaseFile(dataDir);
  if (existsSync(file) || !existsSync(join(dataDir, 'packages'))) return;
  LOG.warn(
    `${DATABASE_LOST}: ${file} is gone. This host begins anew, under a new id, and knows of nothing that was deployed to it.`,
  );
}

/** Where model servers run on this host. */
export async function createRuntime(options: AgentOptions, env: AgentEnvironment): Promise<Runtime> {
  const scope = `${scopeOf(options)}/model`;
  const { maxBodyBytes, runtime, python } = options;
  if (runtime === 'process') {
    const toolchain = await findToolchain(python, env);
    const { modelUser: user, dataDir } = options;
    const { handlers } = options;
    return createProcessRuntime({
      ...{ toolchain, scope, maxBodyBytes, handlers, log: LOG },
      ...{ user, dataDir, env },
    });
  }
  const { dockerHost: host, dockerKeepImages: keepImages, dockerReserveBytes: reserveBytes } = options;
  // The Docker client is a fifth of the agent's memory; a host that runs processes never loads it.
  const { createDockerRuntime } = await import(/* webpackMode: "eager" */ './runtimes/docker/runtime.ts');
  const limits = {
    network: options.dockerNetwork,
    memoryBytes: options.dockerMemoryBytes,
    pids: options.dockerPids,
    maxBodyBytes,
  };
  return createDockerRuntime({ host, scope, limits, keepImages, reserveBytes, env });
}

/** Names this data folder's processes: the environment variable that carries it is how they are found again. */
export function scopeOf(options: AgentOptions): string {
  return `trainyard-agent:${options.dataDir}`;
}

/** Names this data folder's proxy among its processes. */
export function proxyOf(options: AgentOptions): string {
  return `${scopeOf(options)}/envoy`;
}
