import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Health, Launch, Runtime, RuntimeHandle } from '../../agent/runtimes/runtime.ts';
import type { PackagePayload } from '../../core/serving/package-manifest.ts';
import { startEngine } from '../../sandbox/docker/engine.ts';
import {
  buildPackage,
  docker,
  ENGINE,
  LIMITS,
  LOCAL_REPOSITORY,
  launchOf,
  openRuntime,
  predict,
  serve,
  sumHandler,
  waitForHealth,
} from './support/docker-host.ts';

const BUILD_MS = 900_000;
const SCOPE = 'test-agent';
/** Reads what the process in the container may do, from inside. */
const WHO_AM_I = `, "uid": os.getuid(), "status": open("/proc/self/status").read()`;

describe('the Docker runtime', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'trainyard-docker-'));
  const runtime = openRuntime(SCOPE);
  let champion: { readonly launch: Launch; readonly handle: RuntimeHandle };

  beforeAll(async () => {
    const { payload } = await buildPackage('1', sumHandler('pass', WHO_AM_I));
    const launch = launchOf(folder, '1', payload);
    champion = { launch, handle: await serve(runtime, launch) };
  }, BUILD_MS);

  afterAll(async () => {
    await runtime.sweep([]);
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  /** What must hold after whatever else went wrong. */
  async function expectChampionServing(): Promise<void> {
    expect(await runtime.check('sum', champion.handle)).toEqual({ kind: 'serving' });
    expect(await predict(runtime.port(champion.handle), [[1, 2]])).toMatchObject({ predictions: [3] });
  }

  /** Starts a bad version, waits until it is clear that it won't serve, and gives why. */
  async function startBadly(bad: Runtime, version: string, payload: PackagePayload): Promise<Health> {
    const launch = launchOf(folder, version, payload);
    const handle = await bad.start(launch, await bad.prepare(launch));
    const health = await waitForHealth(bad, handle, isOver);
    await bad.stop(handle);
    return health;
  }

  test('serves predictions on a loopback port', async () => {
    const port = runtime.port(champion.handle);
    expect(
      await predict(port, [
        [1, 2],
        [3, 4],
      ]),
    ).toMatchObject({ predictions: [3, 7] });
  });

  test('runs without root, capabilities or a way to gain privileges', async () => {
    const answer = await predict(runtime.port(champion.handle), [[1]]);
    expect(answer).toMatchObject({ uid: 65_532 });
    expect(answer).toHaveProperty('status', expect.stringMatching(/CapEff:\t0+\n(?:.*\n)*NoNewPrivs:\t1\n/));
  });

  test('runs bounded, on a root that cannot be written', async () => {
    const [line = ''] = await docker([
      'inspect',
      '--format',
      '{{json .HostConfig}}',
      nameOf(champion.handle),
    ]);
    const { ReadonlyRootfs, CapDrop, Memory, MemorySwap, PidsLimit, LogConfig, Privileged } =
      JSON.parse(line);
    expect({ ReadonlyRootfs, CapDrop, Memory, MemorySwap, PidsLimit, Privileged }).toEqual({
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
      PidsLimit: 256,
      Privileged: false,
    });
    expect(LogConfig).toEqual({ Type: 'json-file', Config: { 'max-size': '16m', 'max-file': '3' } });
  });

  test('keeps the management API off every network, and refuses new models on it', async () => {
    const ports = await docker(['port', nameOf(champion.handle)]);
    expect(ports).toEqual([`8080/tcp -> 127.0.0.1:${runtime.port(champion.handle)}`]);
    const python = [
      'import http.client, socket',
      'connection = http.client.HTTPConnection("localhost")',
      'connection.sock = socket.socket(socket.AF_UNIX)',
      'connection.sock.connect("/run/trainyard/control/management.sock")',
      'connection.request("POST", "/models?url=https://example.com/evil.mar")',
      'print(connection.getresponse().status)',
    ].join('\n');
    expect(await docker(['exec', nameOf(champion.handle), '/opt/venv/bin/python', '-c', python])).toEqual([
      '405',
    ]);
  });

  test('carries the exact versions of all that is installed in it', async () => {
    const python = [
      'from importlib.metadata import distributions',
      'lines = set(open("/opt/venv/requirements.lock").read().split())',
      'found = [f"{each.name}=={each.version}" for each in distributions()]',
      'print(len(found), [one for one in found if one.lower() not in {line.lower() for line in lines}])',
    ].join('\n');
    const run = ['exec', nameOf(champion.handle), '/opt/venv/bin/python', '-c', python];
    expect((await docker(run)).at(-1)).toMatch(/^\d{2,} \[\]$/);
  });

  test('adopts its container after the agent was started again', async () => {
    const before = await docker(['inspect', '--format', '{{.Id}}', nameOf(champion.handle)]);
    const later = openRuntime(SCOPE);
    expect(await later.start(champion.launch, champion.handle)).toEqual(champion.handle);
    expect(await later.check('sum', champion.handle)).toEqual({ kind: 'serving' });
    expect(await docker(['inspect', '--format', '{{.Id}}', nameOf(champion.handle)])).toEqual(before);
  });

  test('comes back by itself after a restart of the engine, and is adopted', async () => {
    const before = await docker(['inspect', '--format', '{{.Id}}', nameOf(champion.handle)]);
    // An engine that is started over the folder of one that runs ends that one first.
    expect(await startEngine(ENGINE.folder)).toMatchObject({ ok: true });
    await waitForHealth(runtime, champion.handle, (health) => health.kind === 'serving');
    expect(await runtime.start(champion.launch, champion.handle)).toEqual(champion.handle);
    expect(await docker(['inspect', '--format', '{{.Id}}', nameOf(champion.handle)])).toEqual(before);
    await expectChampionServing();
  });

  test('serves on the network of the host as well, beside the others', async () => {
    const onHost = openRuntime(SCOPE, { limits: { ...LIMITS, network: 'host' } });
    const handle = await serve(onHost, launchOf(folder, '3', champion.launch.manifest.payload));
    expect(await predict(onHost.port(handle), [[2, 2]])).toMatchObject({ predictions: [4] });
    await onHost.stop(handle);
    await expectChampionServing();
  });

  test('leaves its counts where the agent reads them', async () => {
    const counting =
      'open(os.environ["TRAINYARD_CAPTURE_DIR"] + "/counts.json", "w").write(os.environ["TRAINYARD_VERSION"])';
    const { payload } = await buildPackage('4', sumHandler(counting));
    const launch = launchOf(folder, '4', payload);
    const handle = await serve(runtime, launch);
    expect(readFileSync(join(launch.captureFolder, 'counts.json'), 'utf8')).toBe('4');
    await runtime.stop(handle);
  });

  test('brings a server back that crashed', async () => {
    const started = ['inspect', '--format', '{{.State.StartedAt}}', nameOf(champion.handle)];
    const before = await docker(started);
    process.kill(await findJava(champion.handle), 'SIGKILL');
    await expect.poll(() => docker(started), { timeout: 30_000 }).not.toEqual(before);
    await waitForHealth(runtime, champion.handle, (health) => health.kind === 'serving');
    await expectChampionServing();
  });

  test('ends containers that its store does not know, and only its own', async () => {
    const stray = await serve(runtime, launchOf(folder, '2', champion.launch.manifest.payload));
    const other = openRuntime('another-agent');
    await other.sweep([]);
    expect(await runtime.check('sum', stray)).toEqual({ kind: 'serving' });
    await runtime.sweep([champion.handle]);
    expect(await runtime.check('sum', stray)).toMatchObject({ kind: 'gone' });
    await expectChampionServing();
  });

  test('keeps the images that served last, for a rollback without a pull', async () => {
    const serveAndStop = async (version: string) => {
      const { payload } = await buildPackage(version, sumHandler());
      await runtime.stop(await serve(runtime, launchOf(folder, version, payload)));
      return payload;
    };
    await serveAndStop('12');
    const previous = await serveAndStop('11');
    await serveAndStop('13');
    await waitForKept(['1', '11', '13']);
    await runtime.stop(await serve(runtime, launchOf(folder, '11', previous)));
    await expectChampionServing();
  });

  async function waitForKept(expected: readonly string[]): Promise<void> {
    const format = '{{.Tag}}';
    await expect
      .poll(async () => {
        const tags = await docker(['image', 'ls', '--format', format, LOCAL_REPOSITORY]);
        return tags.flatMap((tag) => /^v(\d+)-/.exec(tag)?.[1] ?? []).sort();
      })
      .toEqual([...expected].sort());
  }

  describe('refuses, and leaves the champion serving:', () => {
    test('an image other than the package pins', async () => {
      const payload = { ...champion.launch.manifest.payload, digest: `sha256:${'0'.repeat(64)}` };
      const refused = await startBadly(runtime, '21', payload);
      expect(refused).toMatchObject({ kind: 'failing', code: 'image-digest-differs' });
      await expectChampionServing();
    });

    test('an image whose registry does not answer', async () => {
      const digest = `sha256:${'1'.repeat(64)}`;
      const reference = `127.0.0.1:9/none@${digest}`;
      const refused = await startBadly(runtime, '22', { kind: 'image', reference, digest, size: 1 });
      expect(refused).toMatchObject({ kind: 'gone', detail: expect.stringContaining('connection refused') });
      await expectChampionServing();
    });

    test('a pull onto a disk that is nearly full', async () => {
      const full = openRuntime(SCOPE, { reserveBytes: Number.MAX_SAFE_INTEGER });
      const digest = `sha256:${'2'.repeat(64)}`;
      const reference = `127.0.0.1:9/none@${digest}`;
      const refused = await startBadly(full, '23', { kind: 'image', reference, digest, size: 1 });
      expect(refused).toMatchObject({ kind: 'failing', code: 'disk-full' });
      await expectChampionServing();
    });

    test('a port that another program took', async () => {
      const launch = launchOf(folder, '24', champion.launch.manifest.payload);
      const handle = await runtime.prepare(launch);
      const squatter = createServer().listen(runtime.port(handle), '127.0.0.1');
      await runtime.start(launch, handle);
      await waitForHealth(runtime, handle, (health) => health.kind === 'gone');
      const refused = await runtime.start(launch, handle).catch((thrown: unknown) => thrown);
      squatter.close();
      expect(refused).toMatchObject({ problem: { code: 'port-taken' } });
      await expectChampionServing();
    });

    test('a model that needs more memory than the limit', async () => {
      const { payload } = await buildPackage('25', sumHandler('self.weights = b"1" * (2 << 30)'));
      const launch = launchOf(folder, '25', payload);
      const handle = await runtime.start(launch, await runtime.prepare(launch));
      await waitForHealth(
        runtime,
        handle,
        (health) => health.kind === 'failing' && health.code === 'out-of-memory',
      );
      await runtime.stop(handle);
      await expectChampionServing();
    });

    test('a model whose worker crashes whenever it loads', async () => {
      const { payload } = await buildPackage('26', sumHandler('raise ValueError("no such weights")'));
      const launch = launchOf(folder, '26', payload);
      const handle = await runtime.start(launch, await runtime.prepare(launch));
      const health = await waitForHealth(runtime, handle, ({ kind }) => kind === 'failing');
      expect(health).toMatchObject({ detail: expect.stringContaining('no such weights') });
      await runtime.stop(handle);
      await expectChampionServing();
    });

    test('a server that ends as soon as it starts', async () => {
      const launch = launchOf(folder, '27', champion.launch.manifest.payload);
      const starved = openRuntime(SCOPE, { limits: { ...LIMITS, memoryBytes: 8 * 2 ** 20 } });
      const handle = await starved.start(launch, await starved.prepare(launch));
      await waitForHealth(starved, handle, (health) => health.kind === 'gone');
      await expect(starved.start(launch, handle)).rejects.toThrow('ended');
      await starved.stop(handle);
      await expectChampionServing();
    });
  });
});

function isOver({ kind }: Health): boolean {
  return kind === 'gone' || kind === 'failing';
}

function nameOf(handle: RuntimeHandle): string {
  return String(handle['container']);
}

/** Process id, on this host, of the server itself. */
async function findJava(handle: RuntimeHandle): Promise<number> {
  const processes = await docker(['top', nameOf(handle), '-eo', 'pid,comm']);
  const java = processes.find((line) => line.endsWith(' java'));
  return Number.parseInt(java ?? '', 10);
}
