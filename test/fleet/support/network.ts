import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Site } from '../../../sandbox/agent/agent-process.ts';

/** A machine of its own as far as the network goes. */
export type NetworkHost = Required<Pick<Site, 'address' | 'enter'>> & {
  readonly name: string;
  /** Takes its cable out: it reaches nobody but itself, and nobody reaches it. */
  readonly cut: () => void;
  readonly reconnect: () => void;
};

export type Network = { readonly hosts: readonly NetworkHost[]; readonly remove: () => void };

/** Why network namespaces can't be made here, in one line; `undefined` when they can. */
export function findNetworkObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  if (spawnSync('ip', ['-V']).error !== undefined) return 'the program ip is missing (Debian: iproute2)';
  try {
    createNetwork(1).remove();
    return undefined;
  } catch (thrown) {
    const [line = 'unknown'] = String(thrown).split('\n').slice(-2);
    return `network namespaces can't be made here: ${line}`;
  }
}

/**
 * Makes so many network namespaces, each with a cable to one bridge that this machine has an address on. Names and addresses are
 * of this network alone (198.18.0.0/15 is set aside for such tests, RFC 2544); `remove` leaves nothing behind.
 */
export function createNetwork(count: number): Network {
  const id = randomBytes(3).toString('hex');
  const bridge = `ty${id}`;
  const subnet = findFreeSubnet();
  const made: (() => void)[] = [];
  const remove = () => {
    for (const undo of made.splice(0).toReversed()) undo();
  };
  try {
    ip('link', 'add', bridge, 'type', 'bridge');
    made.push(() => ip('link', 'del', bridge));
    ip('addr', 'add', `${subnet}.254/24`, 'dev', bridge);
    ip('link', 'set', bridge, 'up');
    const hosts = Array.from({ length: count }, (_, index) => {
      const host = { name: `ty${id}-${index + 1}`, address: `${subnet}.${index + 1}` };
      return addHost(bridge, host, made);
    });
    return { hosts, remove };
  } catch (thrown) {
    remove();
    throw thrown;
  }
}

function addHost(
  bridge: string,
  { name, address }: Pick<NetworkHost, 'name' | 'address'>,
  made: (() => void)[],
): NetworkHost {
  ip('netns', 'add', name);
  made.push(() => ip('netns', 'del', name));
  ip('link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  // It goes with its namespace, though only when the kernel gets round to it.
  made.push(() => ip('link', 'del', name));
  ip('link', 'set', name, 'master', bridge, 'up');
  ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  ip('-n', name, 'link', 'set', 'eth0', 'up');
  ip('-n', name, 'link', 'set', 'lo', 'up');
  return {
    name,
    address,
    enter: ['ip', 'netns', 'exec', name],
    cut: () => ip('link', 'set', name, 'down'),
    reconnect: () => ip('link', 'set', name, 'up'),
  };
}

/** The first three numbers of a network that this machine has no route to yet. */
function findFreeSubnet(): string {
  const taken = execFileSync('ip', ['route', 'show'], { encoding: 'utf8' });
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const [low = 0] = randomBytes(1);
    const subnet = `198.${18 + (low % 2)}.${low}`;
    if (!taken.includes(`${subnet}.`)) return subnet;
  }
  throw new Error('no free network in 198.18.0.0/15');
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
}
