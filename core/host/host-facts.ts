import type { Problem } from '../errors.ts';
import { HOST_LAYOUT, PACKAGE_PROGRAMS } from './layout.ts';

/** What a host said of itself. */
export type HostFacts = {
  readonly uid: string;
  /** Whether the user becomes root without being asked. */
  readonly hasSudo: boolean;
  readonly system: string;
  readonly machine: string;
  readonly isGlibc: boolean;
  readonly hasSystemd: boolean;
  readonly packages: 'apt' | 'dnf' | 'none';
  readonly firewall: 'ufw' | 'firewalld' | 'none';
  /** Free where programs go, in KiB. */
  readonly freeKib: number;
  /** A Node of its own that everybody may run, with its version; empty where there is none. */
  readonly node: string;
  readonly nodeVersion: string;
  /** The Debian package of the agent is installed. */
  readonly isPackaged: boolean;
  /** There are settings or data of an agent, whoever has set it up. */
  readonly isSetUp: boolean;
  /** The agent's options as they are there: lines of `TRAINYARD_AGENT_NAME=value`; none where none was set up. */
  readonly options: Readonly<Record<string, string>>;
};

/** Asks a host for facts; run as the user who signs in, who may be anybody. Writes `name=value`, a line each. */
export const FACTS_SCRIPT = [
  'export LC_ALL=C',
  'echo "uid=$(id -u)"',
  'if [ "$(id -u)" = 0 ]; then echo sudo=yes; elif sudo -n true >/dev/null 2>&1; then echo sudo=yes; else echo sudo=no; fi',
  'echo "system=$(uname -s)"',
  'echo "machine=$(uname -m)"',
  'if getconf GNU_LIBC_VERSION >/dev/null 2>&1; then echo glibc=yes; else echo glibc=no; fi',
  'if [ -d /run/systemd/system ]; then echo systemd=yes; else echo systemd=no; fi',
  'if command -v apt-get >/dev/null; then echo packages=apt; elif command -v dnf >/dev/null; then echo packages=dnf; fi',
  'if command -v ufw >/dev/null; then echo firewall=ufw; elif command -v firewall-cmd >/dev/null; then echo firewall=firewalld; fi',
  'echo "free=$(df -Pk /opt 2>/dev/null | awk \'NR == 2 { print $4 }\')"',
  'for one in /usr/local/bin/node /usr/bin/node; do if [ -x "$one" ]; then echo "node=$one"; echo "node-version=$("$one" --version)"; break; fi; done',
  `if [ -e ${PACKAGE_PROGRAMS} ]; then echo packaged=yes; fi`,
  `if [ -e ${HOST_LAYOUT.settings} ] || [ -e ${HOST_LAYOUT.data} ]; then echo set-up=yes; fi`,
  `if [ "$(id -u)" = 0 ]; then cat ${HOST_LAYOUT.options} 2>/dev/null; else sudo -n cat ${HOST_LAYOUT.options} 2>/dev/null; fi`,
  'exit 0',
  '',
].join('\n');

/** So much room do Node, the environment with PyTorch, and what they are made from take, in KiB. */
const NEEDED_KIB = 4 * 1024 * 1024;
const MACHINES: Readonly<Record<string, string>> = { x86_64: 'x64', aarch64: 'arm64' };
const NODE_MAJOR = 24;

/** Reads what the script of facts wrote. */
export function readFacts(lines: readonly string[]): HostFacts {
  const said = new Map(
    lines.map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1).trim()]),
  );
  const text = (name: string) => said.get(name) ?? '';
  const packages = text('packages');
  const firewall = text('firewall');
  return {
    uid: text('uid'),
    hasSudo: text('sudo') === 'yes',
    system: text('system'),
    machine: text('machine'),
    isGlibc: text('glibc') === 'yes',
    hasSystemd: text('systemd') === 'yes',
    packages: packages === 'apt' || packages === 'dnf' ? packages : 'none',
    firewall: firewall === 'ufw' || firewall === 'firewalld' ? firewall : 'none',
    freeKib: Number(text('free')),
    node: text('node'),
    nodeVersion: text('node-version'),
    isPackaged: text('packaged') === 'yes',
    isSetUp: text('set-up') === 'yes',
    options: Object.fromEntries([...said].filter(([name]) => name.startsWith('TRAINYARD_AGENT_'))),
  };
}

/** What keeps a host from being a serving host by the command line. */
export function judgeFacts(facts: HostFacts): readonly Problem[] {
  const { uid, hasSudo, system, machine, isGlibc, freeKib, options, isPackaged } = facts;
  const problems: Problem[] = [];
  const add = (code: string, message: string, remedy: string) => problems.push({ code, message, remedy });
  if (system !== 'Linux')
    add('host-system', `It runs ${system || 'nothing that says what it is'}.`, 'Serving hosts run Linux.');
  else if (MACHINES[machine] === undefined || !isGlibc)
    add(
      'host-machine',
      `It is a ${machine}${isGlibc ? '' : ' without glibc'}.`,
      'Wheels of PyTorch and Envoy are made for glibc on x86_64 and aarch64.',
    );
  if (uid !== '0' && !hasSudo)
    add(
      'no-root',
      'The user becomes root only with a password.',
      'Sign in as root, or let the user run `sudo -n true`.',
    );
  if (isPackaged)
    add(
      'package-here',
      `The agent is there as the package trainyard-agent (${PACKAGE_PROGRAMS}), which \`trainyard host\` does not touch.`,
      'Upgrade it on the host by its `install.sh`, or take it away there by `apt remove trainyard-agent`; `apt purge` takes what the host knows, too.',
    );
  if (Object.keys(options).length === 0 && freeKib < NEEDED_KIB)
    add('host-disk', `${Math.round(freeKib / 1024)} MiB are free on /opt.`, 'Make room for 4 GiB there.');
  return problems;
}

/** The Node that the host has and the agent can run on; `undefined` where it gets one. */
export function ownNode({ node, nodeVersion }: HostFacts): string | undefined {
  const major = Number(/^v(?<major>\d+)\./.exec(nodeVersion)?.groups?.['major'] ?? 0);
  return node !== '' && major >= NODE_MAJOR ? node : undefined;
}

/** How npm calls the processor of a host. */
export function npmMachine({ machine }: HostFacts): string {
  return MACHINES[machine] ?? machine;
}
