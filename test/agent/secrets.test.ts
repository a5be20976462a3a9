import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { findModelUser } from '../../agent/options/model-user.ts';
import { createProcessRuntime } from '../../agent/runtimes/process/runtime.ts';
import { openStore } from '../../agent/store/store.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';

/** Nobody: the user that tests take for one who may do nothing. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const IS_ROOT = process.getuid?.() === 0;
const SECRETS = {
  TRAINYARD_AGENT_TOKENS: 'deployer 0123456789abcdef\nreader fedcba9876543210 $HOME `id`',
  TRAINYARD_AGENT_GITHUB_TOKEN: 'ghp_secret"quoted\'',
};

const folder = mkdtempSync(join(tmpdir(), 'ty-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const toldSchema = z.object({
  pid: z.number(),
  argv: z.array(z.string()),
  tokens: z.string(),
  token: z.string(),
  plain: z.string(),
  readable: z.string(),
});

async function begin(env: Readonly<Record<string, string>>) {
  const program = resolve('test/agent/support/take-secrets.ts');
  const child = spawn(process.execPath, [program, '--flag', "a 'b' $c"], {
    env: { PATH: process.env['PATH'], PLAIN: 'to be seen', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(IS_ROOT && NOBODY),
  });
  const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  expect(Buffer.concat(stderr).toString()).toBe('');
  return { pid: child.pid, told: toldSchema.parse(JSON.parse(Buffer.concat(stdout).toString())) };
}

describe('secrets in the environment', () => {
  test('are the agent’s, and nothing that a child of its user can read', async () => {
    const { pid, told } = await begin(SECRETS);
    expect(told).toMatchObject({
      pid,
      argv: ['--flag', "a 'b' $c"],
      tokens: SECRETS.TRAINYARD_AGENT_TOKENS,
      token: SECRETS.TRAINYARD_AGENT_GITHUB_TOKEN,
    });
    expect(told.readable).toContain('PLAIN=to be seen');
    for (const name of [
      'TRAINYARD_AGENT_TOKENS',
      'GITHUB_TOKEN',
      'HANDOVER',
      '0123456789abcdef',
      'ghp_secret',
    ]) {
      expect(told.readable).not.toContain(name);
    }
    expect(told.readable).not.toContain(Buffer.from('ghp_secret').toString('base64').slice(0, 10));
    expect(told.readable).not.toContain('pipe:[');
  });
});

describe('the user of model servers', () => {
  const passwd = () => 'root:x:0:0::/root:/bin/sh\nmodels:x:990:991::/nowhere:/usr/sbin/nologin\n';

  test.each([
    ['models', { uid: 990, gid: 991 }],
    ['1234:99', { uid: 1_234, gid: 99 }],
  ])('may be given as %s', (text, value) => {
    expect(findModelUser(text, { own: 0, passwd })).toEqual({ ok: true, value });
  });

  test.each([
    ['root', 0],
    ['0:0', 0],
    ['stranger', 0],
    ['models', 1_000],
  ])('is refused as %s for an agent of user %s', (text, own) => {
    expect(findModelUser(text, { own, passwd }).ok).toBe(false);
  });
});

/** In the place of the JVM: says what it can read, and serves nothing. */
const PROBE = `#!/bin/sh
read_it() { if cat "$1" > /dev/null 2>&1; then echo "read $1"; else echo "denied $1"; fi; }
{
  id -u
  for file in FILES; do read_it "$file"; done
  if echo x 2> /dev/null > config.properties; then echo "wrote config"; else echo "denied config"; fi
  if echo x 2> /dev/null >> store/model.mar; then echo "wrote payload"; else echo "denied payload"; fi
  if echo x > "$TRAINYARD_CAPTURE_DIR/a.json"; then echo "wrote counts"; fi
} > logs/said.txt 2>&1
mv logs/said.txt logs/told.txt
`;

test.skipIf(!IS_ROOT)(
  'a model server of another user reads its package, and none of the agent’s secrets',
  async () => {
    const data = join(folder, 'data');
    chmodSync(folder, 0o711);
    const store = openStore(join(data, 'agent.db'));
    mkdirSync(join(data, 'packages'), { mode: 0o700 });
    const payloadFile = join(data, 'packages', 'payload');
    writeFileSync(payloadFile, 'the archive', { mode: 0o600 });
    const tokens = join(folder, 'tokens');
    writeFileSync(tokens, SECRETS.TRAINYARD_AGENT_TOKENS, { mode: 0o600 });
    const secret = [
      ...['', '-wal', '-shm']
        .map((end) => join(data, `agent.db${end}`))
        .filter((file) => statSync(file, { throwIfNoEntry: false })),
      ...[tokens, payloadFile, `/proc/${process.pid}/environ`, `/proc/${process.pid}/mem`],
    ];
    const java = join(folder, 'java');
    writeFileSync(java, PROBE.replace('FILES', [...secret, 'store/model.mar'].join(' ')), { mode: 0o755 });
    const runtime = createProcessRuntime({
      toolchain: { python: '/usr/bin/python3', java, torchserve: folder },
      scope: `test-secrets:${folder}`,
      maxBodyBytes: 1_000,
      handlers: 'any',
      log: { info: () => undefined, warn: (line) => expect.fail(line), group: (_, work) => work() },
      user: NOBODY,
      dataDir: data,
      env: process.env,
    });
    const workFolder = join(data, 'run', 'm', '1');
    const launch = {
      ...{ model: 'm', version: '1', payloadFile, workFolder, captureSeconds: 5 },
      captureFolder: join(data, 'capture', 'm', '1'),
      manifest: {
        ...{
          schema: 'trainyard.package/1' as const,
          model: 'm',
          version: '1',
          runId: 'run',
          format: 'pyfunc' as const,
        },
        ...{ modelDigest: `sha256:${'0'.repeat(64)}`, createdAt: '2026-01-01T00:00:00Z' },
        payload: { kind: 'mar' as const, file: 'model.mar', digest: `sha256:${'0'.repeat(64)}`, size: 11 },
        serving: {
          workers: 1,
          batchSize: 1,
          maxBatchDelayMs: 0,
          gpu: 'none' as const,
          responseTimeoutSeconds: 10,
        },
      },
    };
    await runtime.start(launch, await runtime.prepare(launch));
    const told = join(workFolder, 'logs', 'told.txt');
    await waitFor(async () => statSync(told, { throwIfNoEntry: false }) !== undefined, 'its words', 20_000);
    expect(readFileSync(told, 'utf8').trim().split('\n')).toEqual([
      String(NOBODY.uid),
      ...secret.map((file) => `denied ${file}`),
      'read store/model.mar',
      'denied config',
      'denied payload',
      'wrote counts',
    ]);
    expect(secret.length).toBeGreaterThanOrEqual(5);
    store.close();
  },
);
