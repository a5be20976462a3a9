import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createAgentClient } from '../../../adapters/agent-client.ts';
import { runCommand } from '../../../adapters/run-command.ts';
import { findFreePorts } from '../../../agent/machine/free-ports.ts';
import { SCHEMA_VERSION } from '../../../agent/store/database.ts';
import type { AgentPort } from '../../../core/ports.ts';
import { TOKENS } from '../../../sandbox/agent/start-agent.ts';
import { PYTHON, ROOT, STATE_DIR } from '../../../sandbox/checkout.ts';
import { type SshHost, startSshHost, whyNoSshHost } from '../../../sandbox/host/ssh-host.ts';

/** What Debian 12 has: the environment of this machine serves there too. */
const DEBIAN_PYTHON = 'python3.11';
const SITE = '/opt/site-packages';
const TOLD_TIMEOUT_MS = 300_000;
const PLACE = '/root/packages';
const LAST_MIGRATION = 'ON observation (model, at);\\n  `';

type Told = { readonly code: number | undefined; readonly said: string };

/** A bare Debian with systemd, and packages of the agent that lie on it, signed. */
export type PackagedHost = {
  readonly host: SshHost;
  readonly folder: string;
  readonly dataPlane: string;
  readonly listen: string;
  readonly agent: AgentPort;
  /** Where a version's package and the installer lie on the host. */
  readonly placeOf: (version: string) => string;
  /** Runs a command there, and meanwhile other things go on here. */
  readonly tell: (command: string) => Promise<Told>;
  readonly stop: () => Promise<void>;
};

/** Why no package can be tried here; `undefined` where one can. */
export function whyNoPackage(): string | undefined {
  const whyNoHost = whyNoSshHost();
  if (whyNoHost !== undefined) return whyNoHost;
  if (!existsSync('/usr/bin/dpkg-deb')) return 'missing: dpkg-deb';
  return siteOf() === undefined
    ? `the environment's Python is no ${DEBIAN_PYTHON}, as Debian 12 has`
    : undefined;
}

/** Makes packages of these versions, of which those in `migrated` know one schema more, and a Debian that has nothing of them yet. */
export async function startPackagedHost(
  versions: readonly string[],
  migrated: readonly string[],
): Promise<PackagedHost> {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-package-'));
  const key = path.join(folder, 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const site = siteOf();
  if (site === undefined) throw new Error('It was not asked whether a package can be tried.');
  const shown = [{ folder: site, at: SITE }];
  const host = await startSshHost(
    path.join(folder, 'machine'),
    path.join(STATE_DIR, 'host'),
    'systemd',
    shown,
  );
  for (const version of versions) {
    const later = ['--program', writeMigrated(folder), '--schema', String(SCHEMA_VERSION + 1)];
    const order = ['--version', version, '--signing-key', key, ...(migrated.includes(version) ? later : [])];
    makePackage(path.join(folder, version), order);
    cpSync(path.join(folder, version), path.join(host.root, PLACE, version), { recursive: true });
  }
  // The environment that documents have people make, of packages that are here already.
  host.ask(
    `python3 -m venv --without-pip /opt/trainyard/venv && echo ${SITE} > /opt/trainyard/venv/lib/${DEBIAN_PYTHON}/site-packages/shown.pth`,
  );
  const [control = 0, data = 0] = await findFreePorts(2);
  const listen = `127.0.0.1:${control}`;
  return {
    ...{ host, folder, listen, dataPlane: `127.0.0.1:${data}`, placeOf: (version) => `${PLACE}/${version}` },
    agent: createAgentClient({ url: `http://${listen}`, token: TOKENS.deployer }),
    tell: (command) => tell(host, command),
    stop: async () => {
      await host.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function makePackage(out: string, order: readonly string[]): void {
  const script = ['--disable-warning=ExperimentalWarning', path.join(ROOT, 'scripts/package-agent.ts')];
  execFileSync(process.execPath, [...script, '--out', out, '--level', '1', ...order], { stdio: 'pipe' });
}

/** The agent of the day after tomorrow, whose schema is one further. */
function writeMigrated(folder: string): string {
  const program = readFileSync(path.join(ROOT, 'agent/dist/agent.mjs'), 'utf8');
  const parts = program.split(LAST_MIGRATION);
  if (parts.length !== 2) throw new Error('The last migration of the bundle is not where it was.');
  const file = path.join(folder, 'migrated.mjs');
  writeFileSync(file, parts.join(`${LAST_MIGRATION},\`CREATE TABLE tomorrow (a INTEGER) STRICT;\``));
  return file;
}

async function tell({ config, name }: SshHost, command: string): Promise<Told> {
  const { code, stdout, stderr } = await runCommand({
    command: 'ssh',
    args: ['-F', config, '-o', 'BatchMode=yes', name, `( ${command} ) 2>&1`],
    env: process.env,
    timeoutMs: TOLD_TIMEOUT_MS,
  });
  return { code, said: stdout + stderr };
}

function siteOf(): string | undefined {
  const libraries = path.join(path.dirname(path.dirname(PYTHON)), 'lib');
  if (!existsSync(libraries)) return undefined;
  return readdirSync(libraries).includes(DEBIAN_PYTHON)
    ? path.join(libraries, DEBIAN_PYTHON, 'site-packages')
    : undefined;
}
