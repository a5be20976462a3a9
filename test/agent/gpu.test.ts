import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { createAgent } from '../../agent/agent.ts';
import { createApp } from '../../agent/api/server.ts';
import { describeGpu } from '../../agent/instances/describe-gpu.ts';
import { createGpuLook } from '../../agent/machine/gpu-look.ts';
import { renderMetrics } from '../../agent/metrics/render-metrics.ts';
import { listSession, spawnOrAdopt, stopSession } from '../../agent/runtimes/process/handle.ts';
import { agentStateSchema } from '../../core/serving/api.ts';
import { viewHost, viewInstances } from '../../core/serving/screen/view/view-host.ts';
import { viewHeeds } from '../../core/serving/screen/view/view-notices.ts';
import { askApp } from '../../sandbox/agent/ask-app.ts';
import { TOKENS } from '../../sandbox/agent/start-agent.ts';
import { type FakeHost, openFakeHost, serveAll, storePackage } from './support/fake-context.ts';

const MIB = 2 ** 20;

let folder: string;
let host: FakeHost;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  host = openFakeHost();
  const agent = createAgent(host.context);
  const manifest = await storePackage(host.context, '1');
  await agent.startInstance('mnist', '1', { manifest });
  for (let step = 0; step < 3; step += 1) {
    await agent.converge();
    serveAll(host.world);
  }
});
afterEach(() => {
  host.close();
  rmSync(folder, { recursive: true });
});

/**
 * A stand-in that answers the two queries as nvidia-smi does with `--format=csv,noheader,nounits`: MiB, a comma and a space between fields,
 * `[N/A]` for what the driver does not tell, and what goes wrong on standard output with a status that is not 0.
 */
function nvidiaSmi(script: string): Readonly<Record<string, string>> {
  const file = join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\necho "$*" >> ${folder}/asked\n${script}\n`);
  chmodSync(file, 0o755);
  return { PATH: `${folder}:${process.env['PATH']}` };
}

const answering = (processes: string, gpus = '0, 4242, 143771') =>
  nvidiaSmi(`case "$*" in
*--query-gpu=index,memory.used,memory.total*) printf '%s\\n' '${gpus}' ;;
*--query-compute-apps=pid,used_memory*) printf '${processes}' ;;
*) echo "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help."; exit 1 ;;
esac`);

const look = (env: Readonly<Record<string, string>>) => createGpuLook(env)();

test('GPUs and the memory of each process are read as nvidia-smi writes them', async () => {
  const env = answering('4711, 3802\\n4712, [N/A]\\n', '0, 4242, 143771\n1, 1, 143771');
  expect(await look(env)).toEqual({
    kind: 'seen',
    gpus: [
      { index: 0, usedBytes: 4242 * MIB, totalBytes: 143771 * MIB },
      { index: 1, usedBytes: MIB, totalBytes: 143771 * MIB },
    ],
    processes: [
      { pid: 4711, bytes: 3802 * MIB },
      { pid: 4712, bytes: undefined },
    ],
  });
});

test('a host without nvidia-smi has no GPU, and one that fails is not known', async () => {
  expect(await look({ PATH: folder })).toEqual({ kind: 'none' });
  const failing = nvidiaSmi(
    'echo "NVIDIA-SMI has failed because it could not communicate with the NVIDIA driver."; exit 9',
  );
  expect(await look(failing)).toMatchObject({
    kind: 'unknown',
    why: expect.stringMatching(/exits with 9: NVIDIA-SMI has failed/),
  });
  expect(await look(answering('', 'No devices were found'))).toMatchObject({ kind: 'unknown' });
});

test('whoever asks within ten seconds starts no second look', async () => {
  const gpus = createGpuLook(answering(''));
  await Promise.all([gpus(), gpus()]);
  await gpus();
  expect(readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')).toHaveLength(2);
});

test('no secret of the agent reaches it', async () => {
  const env = nvidiaSmi(`env > ${folder}/env`);
  const { programVariables } = await import('../../agent/machine/program-variables.ts');
  await look(programVariables({ ...env, TRAINYARD_AGENT_TOKENS: 'deployer secret-0123456789' }));
  expect(readFileSync(join(folder, 'env'), 'utf8')).not.toContain('secret-0123456789');
});

test('a version has the memory of all its processes, whichever of its session they are', async () => {
  const handle = await spawnOrAdopt({
    argv: ['/bin/sh', '-c', 'sleep 600 & sleep 600 & wait'],
    ...{ env: {}, cwd: folder, logFile: join(folder, 'log'), owner: `gpu-test:${folder}` },
  });
  onTestFinished(() => void stopSession(handle, 100));
  await expect.poll(() => listSession(handle).length).toBe(3);
  const [, one, two] = listSession(handle);
  const stranger = spawn('sleep', ['600']);
  onTestFinished(() => void stranger.kill());
  Object.assign(host.context, {
    runtime: { ...host.context.runtime, processes: async () => listSession(handle) },
    gpus: createGpuLook(answering(`${one}, 100\\n${two}, 50\\n${stranger.pid}, 7\\n`)),
  });
  expect(await describeGpu(host.context)).toMatchObject({
    versions: [{ model: 'mnist', version: '1', bytes: 150 * MIB }],
  });
});

test('state, metrics and page tell a version’s memory, and never 0 for what is not known', async () => {
  const app = createApp(createAgent(host.context));
  const headers = { authorization: `Bearer ${TOKENS.reader}` };
  const read = async () => agentStateSchema.parse(await (await askApp(app, '/v1/state', { headers })).json());
  const shown = (state: Awaited<ReturnType<typeof read>>) => viewInstances(state, 0).rows[0]?.[4]?.text;
  const metrics = async () =>
    (await renderMetrics(host.context)).split('\n').filter((line) => /^trainyard.*gpu/.test(line));

  expect((await read()).gpu).toEqual({ kind: 'none' });
  expect(shown(await read())).toBe('no GPU');
  expect(await metrics()).toEqual([]);

  const gpus = [{ index: 0, usedBytes: 143_000 * MIB, totalBytes: 143_771 * MIB }];
  host.world.gpus = { kind: 'seen', gpus, processes: [{ pid: 1, bytes: 2_000 * MIB }] };
  const seen = await read();
  expect(shown(seen)).toBe('2.1 GB');
  expect(await metrics()).toEqual([
    `trainyard_gpu_memory_size_bytes{gpu="0"} ${143_771 * MIB}`,
    `trainyard_gpu_memory_used_bytes{gpu="0"} ${143_000 * MIB}`,
    `trainyard_version_gpu_memory_bytes{model="mnist",version="1"} ${2_000 * MIB}`,
  ]);
  const event = { at: host.context.clock.now(), state: seen, outlooks: {} };
  expect(viewHeeds(event, 0).map(({ title }) => title)).toContain('GPU 0 is full, or nearly');

  // As in a container with pids of its own: what is listed is nobody's here, or has no size.
  for (const processes of [[{ pid: 99_999_999, bytes: MIB }], [{ pid: 1, bytes: undefined }]]) {
    host.world.gpus = { kind: 'seen', gpus, processes };
    expect(shown(await read())).toBe('–');
    expect((await metrics()).join()).not.toContain('version_gpu');
  }
  host.world.gpus = { kind: 'unknown', why: 'nvidia-smi exits with 9' };
  const unknown = await read();
  expect(shown(unknown)).toBe('–');
  expect(viewHost(unknown, 0)).toContainEqual(expect.objectContaining({ name: 'GPU', tone: 'warn' }));
});
