import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import type { ReferenceProfile } from '../../core/drift/profile.ts';
import { toInstant } from '../../core/instant.ts';
import { locate } from '../../core/serving/locate.ts';
import { ROUTES } from '../../core/serving/routes.ts';
import { findAgentPorts, startAgentProcess, THIS_MACHINE } from '../../sandbox/agent/agent-process.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { discard } from '../../sandbox/machine/discard.ts';
import { makeDraws } from '../simulate/draws.ts';
import { printLine, quantile } from './figures.ts';
import { drawWideProfile, fillHost } from './monitor-host.ts';
import type { Size } from './size.ts';

const SIZES = {
  full: { hosts: 100, days: 365, features: 50 },
  tiny: { hosts: 3, days: 20, features: 5 },
} as const;
const MOST = { seconds: 20, bytes: 500e6, hostBytes: 1e6, blockedMs: 50 } as const;
const CHECKS_PROBED = 20;
/** For so long nobody asks for anything else, in ms: what this machine takes by itself. */
const AT_REST_MS = 5_000;

const checkedSchema = z.object({
  seconds: z.number(),
  bytes: z.number(),
  pageBytes: z.number(),
  batches: z.number(),
  answered: z.number(),
});

/**
 * What one check takes of a fleet that has served a version for a year: processor and memory of the check with its page, bytes that each host
 * sends, and for how long an agent answers nothing else meanwhile. One agent, a real one, stands for all hosts; its answers are sent and read
 * for each of them. The alternative is one host: a check of a hundred takes a hundred times as long at most.
 */
export async function benchMonitor(size: Size): Promise<void> {
  const { hosts, days, features } = SIZES[size];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'trainyard-monitor-'));
  const draws = makeDraws('bench-monitor');
  const profile = drawWideProfile(draws, { features });
  const now = Date.now();
  fillHost(path.join(folder, 'd'), draws, { days, features, now });
  const agent = await startFilled(folder);
  const relay = await countBytes(Number(new URL(agent.url).port));
  try {
    const check = (count: number) => checkHosts(folder, { url: relay.url, hosts: count, now, profile });
    const one = await check(1);
    const before = relay.bytes();
    const all = await check(hosts);
    const each = (relay.bytes() - before) / hosts;
    if (all.answered !== hosts) throw new Error(`only ${all.answered} of ${hosts} hosts answered`);
    process.stdout.write(
      `monitor: ${hosts} hosts x ${days} days x ${features} features, ${all.batches} batches judged\n`,
    );
    print('check', `${all.seconds.toFixed(1)} s of the processor`, all.seconds <= MOST.seconds);
    printLine('', `${(all.seconds / one.seconds).toFixed(1)} times as long as of one host`);
    print('memory', `${(all.bytes / 1e6).toFixed(0)} MB at most`, all.bytes <= MOST.bytes);
    print('read of a host', `${(each / 1e6).toFixed(2)} MB`, each <= MOST.hostBytes);
    const resting = await probeWhile(agent.url, () => setTimeout(AT_REST_MS));
    const waited = await probeWhile(agent.url, () => askAsCheck(agent.url, { profile, now }));
    print('answers others within', describeWaits(waited), Math.max(...waited) <= MOST.blockedMs);
    printLine('', `${describeWaits(resting)} while nobody checks`);
    printLine('page', `${(all.pageBytes / 1e6).toFixed(2)} MB`);
  } finally {
    relay.server.close();
    await agent.down();
    discard(folder);
  }
}

async function startFilled(folder: string) {
  return startAgentProcess({
    program: path.join(ROOT, 'agent', 'dist', 'agent.mjs'),
    folder,
    site: THIS_MACHINE,
    ports: await findAgentPorts(),
    flags: {
      ...{ 'data-dir': path.join(folder, 'd'), 'host-name': 'serve', python: venvProgram('python') },
      'envoy-threads': '1',
    },
    env: {
      ...process.env,
      TRAINYARD_AGENT_TOKENS: Object.entries(TOKENS)
        .map((entry) => entry.join(' '))
        .join(','),
    },
  });
}

async function checkHosts(folder: string, given: Readonly<Record<string, unknown>>) {
  const file = path.join(folder, 'given.json');
  writeFileSync(file, JSON.stringify({ ...given, token: TOKENS.reader }));
  const program = path.join(ROOT, 'measure', 'bench', 'check-hosts.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    program,
    file,
  ]);
  return checkedSchema.parse(JSON.parse(stdout));
}

function describeWaits(waited: readonly number[]): string {
  const [longest, median] = [Math.max(...waited), quantile(waited, 0.5)];
  return `${longest.toFixed(0)} ms, ${median.toFixed(1)} ms at the median of ${waited.length}`;
}

/** What a check asks of a host, again and again; what comes is thrown away as it comes, so that nothing but the agent takes long. */
async function askAsCheck(
  url: string,
  { profile: { model, version }, now }: { readonly profile: ReferenceProfile; readonly now: number },
): Promise<void> {
  const since = toInstant(now - 86_400_000);
  const asked = [
    locate(ROUTES.state, {}),
    locate(ROUTES.labelCounts, { model, version }),
    locate(ROUTES.windows, { model, after: 0 }),
    locate(ROUTES.hours, { model, since }),
  ];
  for (let round = 0; round < CHECKS_PROBED; round += 1) {
    for (const place of asked) await readThrough(new URL(place, url));
  }
}

async function readThrough(place: URL): Promise<void> {
  const headers = { authorization: `Bearer ${TOKENS.reader}`, 'accept-encoding': 'gzip' };
  await new Promise<void>((resolve, reject) => {
    get(place, { headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${place.href}: ${answer.statusCode}`));
      answer.resume().once('end', resolve).once('error', reject);
    }).once('error', reject);
  });
}

/** How long the agent took for each of many signs of life while this went on, in ms. */
async function probeWhile(url: string, work: () => Promise<void>): Promise<readonly number[]> {
  const program = path.join(ROOT, 'measure', 'bench', 'health-probe.ts');
  const args = [
    '--disable-warning=ExperimentalWarning',
    program,
    new URL(locate(ROUTES.health, {}), url).href,
  ];
  const probe = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: probe.stdout });
  await once(lines, 'line');
  await work().catch((thrown: unknown) => {
    probe.kill();
    throw thrown;
  });
  probe.stdin.end();
  const [told] = await once(lines, 'line');
  return z.array(z.number()).parse(JSON.parse(String(told)));
}

/** A way to a port of this machine that counts what comes back on it. */
async function countBytes(port: number) {
  let bytes = 0;
  const server: Server = createServer((client) => {
    const agent = connect(port, '127.0.0.1');
    agent.on('data', (chunk) => {
      bytes += chunk.length;
    });
    client.pipe(agent).pipe(client);
    for (const socket of [client, agent])
      socket.on('error', () => [client, agent].map((one) => one.destroy()));
  });
  const [own = 0] = await findFreePorts(1);
  await new Promise<void>((resolve) => server.listen(own, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${own}`, bytes: () => bytes };
}

function print(name: string, figure: string, isMet: boolean): void {
  printLine(name, `${figure}: ${isMet ? 'met' : 'missed'}`);
}
