import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../cli/commands.ts';
import { readCommand } from '../../cli/read-command.ts';
import { VERSION } from '../../core/version.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { createStranger, fileWith } from './support/stranger.ts';

async function run(folder: string, env: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const lines: string[] = [];
  const print = {
    line: (text: string) => lines.push(text),
    trouble: () => undefined,
    annotate: () => undefined,
  };
  const asked = readCommand(['doctor', ...args], COMMANDS);
  if (asked.kind !== 'run') throw new Error('It asks for help.');
  const code = await asked.command.run(asked.given, { root: ROOT, cwd: folder, env, print });
  return { code, lines };
}

/** Programs of a machine that answer as these scripts say. */
function createPrograms(scripts: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ty-bin-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return `${folder}:${process.env['PATH']}`;
}

async function startAgent(state: object): Promise<string> {
  const server = createServer((request, response) => {
    const isKnown = request.headers.authorization === 'Bearer right';
    const refused = {
      type: 'about:blank',
      title: 'Unauthorized',
      status: 401,
      code: 'token-invalid',
      detail: 'No known token came with it.',
      remedy: 'Send one.',
    };
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isKnown ? state : refused));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

const STATE = {
  ...{
    host: 'serve-1',
    hostId: 'c0ffee00-0000-4000-8000-000000000001',
    agentVersion: VERSION,
    startedAt: '2026-11-28T00:00:00Z',
    runtime: 'process',
  },
  ...{
    instances: [],
    traffic: {},
    outbox: { pending: 0 },
    dataPlane: { address: '0.0.0.0:8080', healthy: true },
  },
};

test('says of a host that it is well, that the token is another, or what is wrong there', async () => {
  const folderOf = async (state: object) =>
    createStranger(fileWith('trainyard.yml', 'https://serve-1:9443', await startAgent(state)));
  const well = await folderOf(STATE);
  const right = { TRAINYARD_AGENT_TOKEN: 'right' };
  expect((await run(well, right, 'hosts')).lines[0]).toMatch(
    /^ok .*serve-1, version .* serves on 0\.0\.0\.0:8080$/,
  );
  const refused = await run(well, { TRAINYARD_AGENT_TOKEN: 'wrong' }, 'hosts');
  expect(refused.lines[0]).toMatch(/^error .*No known token/);
  expect(refused.code).toBe(1);
  const ill = await folderOf({
    ...STATE,
    agentVersion: '0.0.1',
    dataPlane: { address: 'x', healthy: false },
    packages: 'any',
  });
  const warned = (await run(ill, right, 'hosts')).lines.filter((line) => line.startsWith('warning'));
  expect(warned).toHaveLength(3);
  expect(warned.join('\n')).toContain('any package that a deployer sends, signed or not');
  const shut = await folderOf({ ...STATE, packages: 'signed' });
  expect((await run(shut, right, 'hosts')).lines[0]).toMatch(/^ok /);
});

test('says which packages the Python of a runner has not', async () => {
  const folder = createStranger();
  const PATH = createPrograms({
    py: 'printf "python 3.11.2\\nmlflow 3.17.2\\nnumpy 2.3.0\\npyarrow\\nmlflow-skinny 3.17.2\\n"',
  });
  const { code, lines } = await run(folder, { PATH }, 'runner', '--python', 'py');
  expect(code).toBe(1);
  expect(lines[0]).toMatch(/^ok +git: git version/);
  expect(lines[1]).toMatch(/^error +py: py has no pyarrow\. Run `py -m pip install pyarrow`/);
  expect((await run(folder, { PATH }, 'runner', '--python', 'nopy')).lines[1]).toMatch(
    /nopy can't be started/,
  );
});

test('says which settings of the repository are missing, and how to make them', async () => {
  const script =
    'case "$1 $2" in "auth status") ;; "secret list") echo "TRAINYARD_AGENT_TOKEN	2026" ;; "variable list") echo "MLFLOW_TRACKING_URI	x" ;; *) exit 1 ;; esac';
  const { lines } = await run(createStranger(), { PATH: createPrograms({ gh: script }) }, 'github');
  expect(lines).toContain('ok       github: the secret TRAINYARD_AGENT_TOKEN is there');
  expect(lines).toContain(
    'warning  github: There is no secret TRAINYARD_SIGNING_KEY. Run `gh secret set TRAINYARD_SIGNING_KEY < .trainyard/secrets/signing.key`.',
  );
  expect(lines).toContain('ok       github: the variable MLFLOW_TRACKING_URI is there');
  expect(lines.some((line) => line.startsWith('-') && line.includes('environment production'))).toBe(true);
});

test('names the runners that take one job after another', async () => {
  const runners =
    'case "$1 $2" in "auth status") ;; "api --paginate") printf "true\\tgpu-2\\tself-hosted, gpu\\nfalse\\tgpu-1\\tself-hosted, gpu\\n" ;; *) exit 1 ;; esac';
  const { lines } = await run(createStranger(), { PATH: createPrograms({ gh: runners }) }, 'github');
  expect(lines).toContain('ok       runners: gpu-2 lives for one job');
  expect(lines.join('\n')).toMatch(
    /^warning +runners: The runner gpu-1 \(self-hosted, gpu\) takes one job after another: .* --ephemeral/m,
  );
  const blind = 'case "$1 $2" in "auth status") ;; *) exit 1 ;; esac';
  const { lines: unseen } = await run(createStranger(), { PATH: createPrograms({ gh: blind }) }, 'github');
  expect(unseen.join('\n')).toContain("can't be looked at with this login");
});

test('says which labels no runner has that is online', async () => {
  const script =
    'case "$*" in *.status*) printf "online\\tself-hosted,Linux,gpu\\noffline\\tself-hosted,control\\n" ;; *) ;; esac';
  const { lines } = await run(createStranger(), { PATH: createPrograms({ gh: script }) }, 'github');
  expect(lines).toContain('ok       labels: one waits for jobs labelled self-hosted, gpu');
  expect(lines.join('\n')).toMatch(
    /warning +labels: No runner .* labels self-hosted, control: jobs would wait/,
  );
});

test('knows no other look', async () => {
  await expect(run(createStranger(), {}, 'weather')).rejects.toThrow(
    'Name one of runner, mlflow, hosts, github',
  );
});
