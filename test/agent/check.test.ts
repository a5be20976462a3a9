import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { checkHere } from '../../agent/check/check-here.ts';
import { lookAtKeys } from '../../agent/check/look-at-keys.ts';
import { findFreePorts } from '../../agent/machine/free-ports.ts';
import { readOptions } from '../../agent/options/options.ts';
import { startAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN, PYTHON } from '../../sandbox/checkout.ts';
import { createPrivateCa } from '../../sandbox/network/private-ca.ts';

const TOKEN = 'deployer-0123456789';
const SECRETS = {
  TRAINYARD_AGENT_TOKENS: `deployer ${TOKEN}`,
  TRAINYARD_AGENT_GITHUB_TOKEN: 'ghp_0123456789abcdef',
  TRAINYARD_AGENT_DISPATCH_SECRET: 'dispatch-secret-0123456789',
};

const toldSchema = z.object({
  errors: z.number(),
  checked: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      text: z.string().optional(),
      level: z.string().optional(),
      problem: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
    }),
  ),
});

let folder: string;
let control: number;
let data: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  [control = 0, data = 0] = await findFreePorts(2);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What `check` says, by subject, with the addresses and the folder of this test. */
async function check(
  flags: Readonly<Record<string, string>> = {},
  env: Readonly<Record<string, string>> = SECRETS,
) {
  const all = {
    'data-dir': join(folder, 'd'),
    listen: `127.0.0.1:${control}`,
    'data-plane': `127.0.0.1:${data}`,
    python: PYTHON,
    ...flags,
  };
  const argv = ['--json', ...Object.entries(all).map(([name, value]) => `--${name}=${value}`)];
  const { lines, code } = await checkHere(argv, { PATH: process.env['PATH'], ...env });
  expect(lines).toHaveLength(1);
  const { checked, errors } = toldSchema.parse(JSON.parse(lines[0] ?? ''));
  expect(code).toBe(errors > 0 ? 1 : 0);
  for (const secret of Object.values(SECRETS)) expect(lines[0]).not.toContain(secret);
  return {
    code,
    of: (subject: string) => checked.filter((one) => one.subject === subject),
    codes: checked.flatMap(({ problem }) => (problem === undefined ? [] : [problem.code])),
  };
}

/** Programs that answer as these scripts say, in a folder for PATH. */
function createPrograms(scripts: Readonly<Record<string, string>>): string {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  for (const [name, script] of Object.entries(scripts))
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return bin;
}

async function startGitHub(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

describe('programs', () => {
  test.skipIf(!HAS_TOOLCHAIN)(
    'that are all there are told with their versions, and nothing is made',
    async () => {
      const { code, of } = await check();
      expect(code).toBe(0);
      expect(of('envoy')[0]).toMatchObject({
        kind: 'fine',
        text: expect.stringMatching(/^\d+\.\d+\.\d+ \//),
      });
      for (const subject of ['options', 'node', 'torchserve', 'java', 'python', 'data folder', 'disk'])
        expect(of(subject)[0]?.kind, subject).toBe('fine');
      expect(() => rmSync(join(folder, 'd'))).toThrow('ENOENT');
    },
  );

  test('a Python that does not run is one error, with the option that names it', async () => {
    const { code, of, codes } = await check({ python: join(folder, 'none') });
    expect(code).toBe(1);
    expect(codes).toEqual(['toolchain-missing']);
    expect(of('envoy')[0]?.problem?.remedy).toContain('--python');
  });

  test('what a Python lacks, and a proxy and a Java that do not run, are told each with its remedy', async () => {
    const found = JSON.stringify({
      python: join(folder, 'bin', 'py'),
      torchserve: '/ts',
      envoy: null,
      jdk: null,
    });
    const PATH = createPrograms({
      py: `case "$*" in *envoy*) echo '${found}';; *) echo torch yaml;; esac`,
      envoy: 'echo no such CPU >&2; exit 7',
      java: 'exit 1',
      'nvidia-smi': 'echo "NVIDIA H200, 143771 MiB, 4 MiB"',
    });
    mkdirSync(join(folder, 'jvm'));
    const { of } = await check(
      { python: join(folder, 'bin', 'py') },
      { ...SECRETS, PATH, TRAINYARD_ENVOY: join(folder, 'bin', 'envoy'), JAVA_HOME: join(folder, 'jvm') },
    );
    expect(of('envoy')[0]?.problem).toMatchObject({
      message: expect.stringContaining('it exits with 7: no such CPU'),
      remedy: expect.stringContaining('TRAINYARD_ENVOY'),
    });
    expect(of('java')[0]?.problem?.remedy).toContain('JAVA_HOME');
    expect(of('python')[0]?.problem?.remedy).toContain('pip install torch pyyaml');
    expect(of('gpu')[0]?.text).toBe('NVIDIA H200, 143771 MiB, 4 MiB');
  });

  test('a driver that finds no GPU is a warning, and an engine that is not there an error', async () => {
    const PATH = createPrograms({ 'nvidia-smi': 'echo NVIDIA-SMI has failed; exit 9' });
    const { of } = await check(
      { runtime: 'docker', 'docker-host': `unix://${folder}/none.sock` },
      { ...SECRETS, PATH },
    );
    expect(of('gpu')[0]).toMatchObject({ level: 'warning', problem: { code: 'gpu-unusable' } });
    expect(of('docker')[0]).toMatchObject({ level: 'error', problem: { code: 'docker-unreachable' } });
    expect(of('torchserve')).toEqual([]);
  });
});

describe('room', () => {
  test('a port that another holds is told with who does, and the option', async () => {
    const server = createTcpServer();
    await new Promise<void>((resolve) => server.listen(control, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { code, of } = await check();
    expect(code).toBe(1);
    expect(of(`127.0.0.1:${control}`)[0]?.problem).toMatchObject({
      code: 'listen-failed',
      message: expect.stringContaining(`process ${process.pid}`),
      remedy: expect.stringContaining('--listen'),
    });
    expect(of(`127.0.0.1:${data}`)[0]?.text).toBe('is free');
  });

  test('a disk with less than what is kept free, and a folder that is none', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { codes, of } = await check({
      'reserve-bytes': String(2 ** 50),
      'data-dir': join(folder, 'file', 'd'),
    });
    expect(codes).toEqual(expect.arrayContaining(['disk-full', 'data-folder-unwritable']));
    expect(of('disk')[0]?.problem?.remedy).toContain('--reserve-bytes');
  });
});

describe('keys', () => {
  const DAY_MS = 86_400_000;

  test.each([
    ['ends soon', 1.8, 'certificate-ends', 'warning'],
    ['has ended', 3, 'certificate-ended', 'error'],
    ['has not begun', -3, 'certificate-not-yet', 'error'],
  ])('a certificate that %s', (_how, days, code, level) => {
    const { cert, key } = createPrivateCa(join(folder, 'ca')).issue('serve-1');
    const options = readOptions(['--tls-cert', cert, '--tls-key', key], SECRETS);
    const found = lookAtKeys(options, Date.now() + days * DAY_MS).find(
      ({ subject }) => subject === 'certificate',
    );
    expect(found).toMatchObject({ kind: 'flawed', level, problem: { code } });
  });

  test('a key that is another’s, and files that are no PEM', async () => {
    const ca = createPrivateCa(join(folder, 'ca'));
    const [one, other] = [ca.issue('serve-1'), ca.issue('serve-2')];
    const misfit = await check({ 'tls-cert': one.cert, 'tls-key': other.key });
    expect(misfit.codes).toContain('key-does-not-fit');
    writeFileSync(join(folder, 'text'), 'no certificate');
    const unread = await check({ 'tls-cert': join(folder, 'text'), 'tls-key': one.key });
    expect(unread.codes).toContain('certificate-unreadable');
  });

  test('secrets that all may read, and tokens none of which deploys, are warnings', async () => {
    const tokens = join(folder, 'tokens');
    writeFileSync(tokens, 'reader 0123456789abcdef');
    chmodSync(tokens, 0o604);
    const { of, codes } = await check({ 'tokens-file': tokens }, {});
    expect(of('secrets')[0]?.problem?.remedy).toContain(`chmod o-r ${tokens}`);
    expect(codes).toContain('no-deployer');
  });

  test('what can’t be read of the options is told, and the rest is looked at all the same', async () => {
    const { code, of } = await check({ 'trusted-keys': join(folder, 'none') }, {});
    expect(code).toBe(1);
    expect(of('options').map(({ problem }) => problem?.message)).toEqual([
      expect.stringContaining('--tokens-file'),
      expect.stringContaining('--trusted-keys'),
    ]);
    expect(of('disk')[0]?.kind).toBe('fine');
  });
});

describe('GitHub', () => {
  const asked = (url: string) => check({ repository: 'acme/models', 'github-api-url': url });
  const answerWith =
    (status: number, body: object = {}, aheadMs = 0): RequestListener =>
    (_, response) => {
      response.writeHead(status, { date: new Date(Date.now() - aheadMs).toUTCString() });
      response.end(JSON.stringify(body));
    };

  test('takes the token, and the clock agrees', async () => {
    const seen: unknown[] = [];
    const url = await startGitHub((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      answerWith(200, { permissions: { push: true } })(request, response);
    });
    const { of } = await asked(url);
    expect(of('github')[0]).toMatchObject({ kind: 'fine', text: 'acme/models is seen with the token' });
    expect(of('clock')[0]?.kind).toBe('fine');
    expect(seen).toEqual([['GET', '/repos/acme/models', `Bearer ${SECRETS.TRAINYARD_AGENT_GITHUB_TOKEN}`]]);
  });

  test.each([
    [401, {}, 'github-token-invalid'],
    [404, {}, 'repository-unseen'],
    [200, { permissions: { push: false } }, 'repository-read-only'],
    [200, { archived: true }, 'repository-read-only'],
    [503, {}, 'github-unreachable'],
  ])('that answers %d %j is an error: %s', async (status, body, code) => {
    const { code: exit, codes } = await asked(await startGitHub(answerWith(status, body)));
    expect(exit).toBe(1);
    expect(codes).toEqual([code]);
  });

  test.each([
    [30_000, 'warning', 'ahead of'],
    [-30_000, 'warning', 'behind'],
    [600_000, 'error', 'ahead of'],
  ])('whose clock is %d ms away from this one', async (aheadMs, level, text) => {
    const { of } = await asked(await startGitHub(answerWith(200, {}, aheadMs)));
    expect(of('clock')[0]).toMatchObject({
      level,
      problem: { code: 'clock-wrong', message: expect.stringContaining(text) },
    });
  });

  test('that nobody answers for is an error that says how it is reached', async () => {
    const { of } = await asked(`http://127.0.0.1:${data}`);
    expect(of('github')[0]?.problem).toMatchObject({
      code: 'github-unreachable',
      remedy: expect.stringContaining('HTTPS_PROXY'),
    });
  });
});

test.skipIf(!HAS_TOOLCHAIN)('beside an agent that runs, its ports are its own, and it is asked', async () => {
  const agent = await startAgent();
  try {
    const ports = { listen: new URL(agent.url).host, 'data-plane': new URL(agent.predictions).host };
    const { code, of } = await check({ ...ports, 'data-dir': join(agent.folder, 'd') });
    expect(code).toBe(0);
    expect(of(ports.listen)[0]?.text).toContain(`this agent listens there (process ${agent.pid()})`);
    expect(of(ports['data-plane'])[0]?.text).toContain("this agent's proxy listens there");
    expect(of('agent')[0]).toMatchObject({ kind: 'fine', text: expect.stringContaining('host-1, version') });
    const stranger = await check(ports);
    expect(stranger.codes.filter((one) => one === 'listen-failed')).toHaveLength(2);
  } finally {
    await agent.down();
  }
});
