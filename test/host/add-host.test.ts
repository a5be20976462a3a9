import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAgentClient } from '../../adapters/agent-client.ts';
import { createFetch } from '../../adapters/network/create-fetch.ts';
import { signStatement } from '../../adapters/signing/attestation.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { COMMANDS } from '../../cli/commands.ts';
import { makeSecrets } from '../../cli/init/make-secrets.ts';
import { readCommand } from '../../cli/read-command.ts';
import { RUNTIME_PACKAGES } from '../../core/host/plan-host.ts';
import { buildPackage } from '../../sandbox/agent/build-package.ts';
import { PYTHON, ROOT, STATE_DIR } from '../../sandbox/checkout.ts';
import { type FirstProcess, type SshHost, startSshHost, whyNoSshHost } from '../../sandbox/host/ssh-host.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';

/** Kept for the next run: a Debian, Node, and the wheels of the runtime. */
const CACHE = path.join(STATE_DIR, 'host');
const WHEELS = path.join(CACHE, 'wheels');
const ZEROS = `sha256:${'0'.repeat(64)}`;
const missing = whyNoSshHost();
if (missing !== undefined) console.log(`trainyard: not tested: ${missing}`);

let host: SshHost;
let folder: string;
let url: string;
let dataPlane: string;
let options: readonly string[];

async function run(verb: string, ...more: readonly string[]) {
  return runFrom(ROOT, verb, ...more);
}

async function runFrom(root: string, ...args: readonly string[]) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => lines.push(text),
    trouble: (text: string) => lines.push(text),
    annotate: () => undefined,
  };
  const [verb = '', ...more] = args;
  const asked = readCommand(['host', verb, host.name, ...options, ...more], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const env = process.env;
  const code = await asked.command.run(asked.given, {
    root,
    cwd: path.join(folder, 'repository'),
    env,
    print,
  });
  return { code, lines, marks: lines.map((line) => line.slice(0, 8).trim()) };
}

const secretOf = (name: string) =>
  readFileSync(path.join(folder, 'repository', '.trainyard', 'secrets', name), 'utf8').trim();

/** Makes a repository with its secrets, and a machine for it. */
async function start(first: FirstProcess): Promise<void> {
  folder = mkdtempSync(path.join(tmpdir(), 'ty-host-'));
  mkdirSync(path.join(folder, 'repository'));
  execFileSync('git', ['init', '--quiet'], { cwd: path.join(folder, 'repository') });
  makeSecrets(path.join(folder, 'repository'));
  if (!existsSync(WHEELS)) {
    console.log('trainyard: fetching the wheels of a serving host');
    const half = `${WHEELS}.half`;
    execFileSync(PYTHON, ['-m', 'pip', 'download', '--quiet', '--dest', half, ...RUNTIME_PACKAGES]);
    renameSync(half, WHEELS);
  }
  host = await startSshHost(path.join(folder, 'machine'), CACHE, first);
  const [control = 0, data = 0] = await findFreePorts(2);
  url = `https://127.0.0.1:${control}`;
  dataPlane = `127.0.0.1:${data}`;
  options = [
    ...['--ssh-config', host.config, '--address', '127.0.0.1', '--listen', `127.0.0.1:${control}`],
    ...['--data-plane', dataPlane, '--wheels', WHEELS],
    // The tiny model is its own handler.
    ...['--agent', 'handlers=any', '--agent', 'tick-seconds=0.5', '--agent', 'envoy-threads=1'],
  ];
}

async function end(): Promise<void> {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Command lines of all processes of this machine, the host's among them, while something is done. */
async function watchCommandLines<T>(work: () => Promise<T>): Promise<{ result: T; seen: string }> {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
      } catch {
        // It has ended.
      }
    }
  }, 30);
  const result = await work();
  clearInterval(timer);
  return { result, seen: [...seen].join('\n') };
}

async function serveDoubler(): Promise<void> {
  const built = buildPackage({ folder, version: '1' });
  const env = { TRAINYARD_CA_FILE: path.join(folder, 'repository/.trainyard/secrets/ca.crt') };
  const agent = createAgentClient({
    ...{ url, token: secretOf('agent-token'), environment: 'production' },
    dependencies: { fetch: createFetch(env) },
  });
  for (const { digest, file } of built.files) await agent.putBlob(digest, file);
  const gate = {
    headline: 'ok',
    holdoutDigest: ZEROS,
    evidenceDigest: ZEROS,
    judgedAt: '2026-01-01T00:00:00Z',
  };
  const envelope = signStatement(
    {
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: 'doubler', digest: { sha256: built.manifest.replace('sha256:', '') } }],
      predicateType: 'urn:trainyard:promotion:v1',
      predicate: {
        ...{ verdict: 'pass', model: 'doubler', version: '1', runId: 'run', modelDigest: ZEROS, gate },
        ...{ code: { repository: 'acme/models', sha: 'abc' }, signedAt: '2026-01-01T00:00:00Z' },
        ...{ environment: 'production', replaces: [] },
      },
    },
    secretOf('signing.key'),
  );
  await agent.startInstance('doubler', '1', { manifest: built.manifest, envelope });
  const isReady = async () => (await agent.getInstance('doubler', '1'))?.state === 'ready';
  await waitFor(isReady, 'version 1 to be ready', 180_000);
  await agent.setTraffic('doubler', { stable: '1', candidatePercent: 0, shadow: false }, undefined);
}

/** Asks the data plane without a pause while something is done, and gives what was not answered with 200. */
async function askMeanwhile<T>(
  work: () => Promise<T>,
): Promise<{ result: T; asked: number; failed: readonly string[] }> {
  const failed: string[] = [];
  let asked = 0;
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      asked += 1;
      const answer = await fetch(`http://${dataPlane}/predictions/doubler`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"inputs":[3]}',
      }).catch(String);
      if (typeof answer === 'string' || answer.status !== 200)
        failed.push(typeof answer === 'string' ? answer : String(answer.status));
      else await answer.arrayBuffer();
    }
  })();
  const result = await work();
  isOver = true;
  await asking;
  return { result, asked, failed };
}

const MAIN_PID = 'systemctl show --property MainPID --value trainyard-agent';

describe.skipIf(missing !== undefined)('a machine with nothing but systemd, sshd and Python', () => {
  beforeAll(() => start('systemd'), 900_000);
  afterAll(end);

  test('is looked at, and nothing of it or of the repository is changed', async () => {
    const { code, lines, marks } = await run('add', '--dry-run');
    expect(code).toBe(0);
    expect(marks).not.toContain('changed');
    expect(lines.at(-1)).toMatch(/^\d+ to do\. Nothing was changed\.$/);
    expect(lines.join('\n')).not.toContain(secretOf('agent-token'));
    expect(existsSync(path.join(host.root, 'opt/trainyard'))).toBe(false);
    expect(existsSync(path.join(folder, 'repository/.trainyard/secrets/ca.key'))).toBe(false);
  });

  test('becomes a serving host by one command, which shows no secret to its processes', async () => {
    const { result, seen } = await watchCommandLines(() => run('add'));
    expect(result.lines.join('\n')).toMatch(
      /ok {7}https:\S+: 127\.0\.0\.1, version .* by TLS and with the token/,
    );
    expect(result.code).toBe(0);
    expect(seen).toContain('/opt/trainyard');
    for (const name of ['agent-token', 'dispatch-secret']) expect(seen).not.toContain(secretOf(name));
    expect(host.ask('stat -c %U:%G:%a /etc/trainyard/tokens /etc/trainyard/tls.key').split('\n')).toEqual([
      'root:trainyard:640',
      'root:trainyard:640',
      '',
    ]);
    expect(host.ask('systemctl is-enabled trainyard-agent; systemctl is-active trainyard-agent')).toBe(
      'enabled\nactive\n',
    );
    expect(host.ask(`stat -c %U /proc/$(${MAIN_PID})`).trim()).toBe('trainyard');
  });

  test('answers a prediction at the end of the second run, which changes nothing', async () => {
    await serveDoubler();
    const { code, lines, marks } = await run('add');
    expect(lines.join('\n')).toMatch(/^ok {7}predictions of serve-1: doubler version 1: /m);
    expect(code).toBe(0);
    expect(marks).not.toContain('changed');
    expect(lines).toContain('Nothing was changed.');
  });

  test('is upgraded while its model answers every request', async () => {
    const root = path.join(folder, 'next');
    mkdirSync(path.join(root, 'agent', 'dist'), { recursive: true });
    const program = readFileSync(path.join(ROOT, 'agent/dist/agent.mjs'), 'utf8');
    writeFileSync(path.join(root, 'agent/dist/agent.mjs'), `${program}\n// Another build.\n`);
    const before = host.ask(MAIN_PID);
    const { result, asked, failed } = await askMeanwhile(() => runFrom(root, 'upgrade'));
    expect(result.code).toBe(0);
    expect(
      result.lines.filter((line) => line.startsWith('changed')).map((line) => line.split(/[ :]+/)[1]),
    ).toEqual(['agent', 'start']);
    expect(result.lines.join('\n')).toMatch(/^ok {7}predictions of serve-1: doubler version 1: /m);
    expect(host.ask(MAIN_PID)).not.toBe(before);
    expect(asked).toBeGreaterThan(20);
    expect(failed).toEqual([]);
  });

  test('is refused to be removed while the configuration counts on it, and is left clean when it is', async () => {
    const config = `version: 1\nmodel: doubler\nenvironments: { production: { hosts: ["${url}"] } }\n`;
    writeFileSync(path.join(folder, 'repository/trainyard.yml'), config);
    await expect(run('remove')).rejects.toThrow('stands in trainyard.yml');
    rmSync(path.join(folder, 'repository/trainyard.yml'));
    const { code, lines } = await run('remove');
    expect(lines.at(-1)).toBe('Nothing of Trainyard is left there.');
    expect(code).toBe(0);
    expect(
      host.ask(
        'ls -d /opt/trainyard /etc/trainyard /var/lib/trainyard 2>/dev/null; id -u trainyard 2>/dev/null; true',
      ),
    ).toBe('');
    expect(
      host
        .ask('cat /proc/[0-9]*/comm')
        .split('\n')
        .filter((name) => /node|java|envoy|python/.test(name)),
    ).toEqual([]);
    expect((await run('remove')).lines.at(-1)).toBe('Nothing of Trainyard was there.');
  });

  test('says who else can not set it up', async () => {
    host.ask(
      'useradd --create-home --password "*" guest && cp -r /root/.ssh /home/guest/ && chown -R guest: /home/guest/.ssh',
    );
    const lines: string[] = [];
    const asked = readCommand(['host', 'add', 'guest@serve-1', ...options], COMMANDS);
    if (asked.kind !== 'run') throw new Error('It asks for help.');
    const print = {
      line: (text: string) => lines.push(text),
      trouble: () => undefined,
      annotate: () => undefined,
    };
    const world = {
      root: ROOT,
      cwd: path.join(folder, 'repository'),
      env: { PATH: process.env['PATH'] },
      print,
    };
    await expect(asked.command.run(asked.given, world)).rejects.toThrow(
      /guest@serve-1: The user becomes root only with/,
    );
  });
});

describe.skipIf(missing !== undefined)('a machine without systemd', () => {
  beforeAll(() => start('sshd'), 900_000);
  afterAll(end);

  test('gets everything, and nothing is started unless that is asked for', async () => {
    await expect(run('add')).rejects.toThrow(/serve-1: No systemd runs there, and nothing was started/);
    expect(existsSync(path.join(host.root, 'opt/trainyard/agent.mjs'))).toBe(true);
    expect(host.ask('cat /proc/[0-9]*/comm')).not.toContain('node');
    const started = await run('add', '--no-service');
    expect(started.code).toBe(0);
    expect(started.marks.filter((mark) => mark === 'changed')).toHaveLength(1);
    expect((await run('add', '--no-service')).lines).toContain('Nothing was changed.');
    expect(host.ask('stat -c %U /proc/$(cat /var/lib/trainyard/agent.pid)').trim()).toBe('trainyard');
    expect((await run('remove', '--no-service')).lines.at(-1)).toBe('Nothing of Trainyard is left there.');
    expect(host.ask('cat /proc/[0-9]*/comm')).not.toMatch(/node|envoy/);
  });
});
