import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Health, Launch, Runtime, RuntimeHandle } from '../../../agent/runtimes/runtime.ts';
import { waitFor } from '../../../sandbox/machine/wait-for.ts';

/** What a runtime needs to be held to the contract that the agent relies on. */
export type RuntimeUnderTest = {
  readonly runtime: Runtime;
  /** Another handle on the same servers, as the next agent after a crash has. */
  readonly reopen: () => Runtime;
  /** A launch of the model 2x + 1 in these folders. */
  readonly launch: (
    version: string,
    folders: Pick<Launch, 'workFolder' | 'captureFolder'>,
  ) => Promise<Launch>;
};

/** One contract for every place model servers run in. */
export function describeRuntime(name: string, open: () => Promise<RuntimeUnderTest>): void {
  describe(`the ${name} runtime`, { timeout: 180_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'ty-'));
    let subject: RuntimeUnderTest;
    let launch: Launch;
    let handle: RuntimeHandle;

    beforeAll(async () => {
      subject = await open();
      const workFolder = join(folder, 'run', '1');
      const captureFolder = join(folder, 'capture', '1');
      mkdirSync(captureFolder, { recursive: true });
      launch = await subject.launch('1', { workFolder, captureFolder });
    });
    afterAll(async () => {
      await subject?.runtime.sweep([]);
      rmSync(folder, { recursive: true, force: true });
    }, 60_000);

    const reach = (runtime: Runtime, kind: Health['kind'], of = handle) =>
      waitFor(async () => (await runtime.check(launch.model, of)).kind === kind, kind, 120_000);

    const predict = async () => {
      const url = `http://127.0.0.1:${subject.runtime.port(handle)}/predictions/${launch.model}`;
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(url, { method: 'POST', headers, body: '{"inputs":[2]}' });
      return response.json();
    };

    test('chooses a handle before anything runs', async () => {
      handle = await subject.runtime.prepare(launch);
      expect((await subject.runtime.check(launch.model, handle)).kind).toBe('gone');
      expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    });

    test('starts a server that loads and answers on a loopback port', async () => {
      const prepared = handle;
      handle = await subject.runtime.start(launch, prepared);
      await reach(subject.runtime, 'serving');
      expect(await predict()).toEqual({ predictions: [5] });
      expect((await subject.runtime.check(launch.model, prepared)).kind).toBe('serving');
    });

    test('adopts it when asked to start it again, also by the next agent', async () => {
      const next = subject.reopen();
      const again = await next.start(launch, handle);
      expect(next.port(again)).toBe(subject.runtime.port(handle));
      expect((await next.check(launch.model, again)).kind).toBe('serving');
      await next.sweep([handle]);
      expect(await predict()).toEqual({ predictions: [5] });
    });

    test('lets its handler write what it counts', async () => {
      const isSnapshot = (file: string) => file.endsWith('.json');
      await waitFor(() => readdirSync(launch.captureFolder).some(isSnapshot), 'a snapshot');
    });

    test('ends servers that no handle is known of', async () => {
      await subject.runtime.sweep([]);
      await reach(subject.runtime, 'gone');
    });

    test('stops what is gone already without complaint', async () => {
      await subject.runtime.stop(handle);
      await subject.runtime.stop(handle);
      expect((await subject.runtime.check(launch.model, handle)).kind).toBe('gone');
    });
  });
}
