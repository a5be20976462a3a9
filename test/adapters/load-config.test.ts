import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../adapters/clock.ts';
import { loadConfig } from '../../adapters/load-config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('loading the configuration', () => {
  it('names problems by the file as the user knows it', async () => {
    await writeFile(join(folder, 'mnist.yml'), 'version: 2\n');
    const loaded = await loadConfig(folder, 'mnist.yml', {});
    expect(loaded).toMatchObject({
      ok: false,
      error: expect.arrayContaining([
        expect.objectContaining({ where: expect.objectContaining({ file: 'mnist.yml', line: 1 }) }),
      ]),
    });
  });

  it('gives the configuration of a valid file', async () => {
    await writeFile(
      join(folder, 'a.yml'),
      'version: 1\nmodel: m\ngate: [{ metric: accuracy, floor: 0.5 }]\n',
    );
    const loaded = await loadConfig(folder, 'a.yml', { MLFLOW_TRACKING_URI: 'http://mlflow' });
    expect(loaded).toMatchObject({ ok: true, value: { model: 'm' } });
  });

  it('reads no device or pipe that a link of the commit leads to, and no large file', async () => {
    await symlink('/dev/zero', join(folder, 'endless.yml'));
    await writeFile(join(folder, 'large.yml'), '#'.repeat(100_000));
    const codeOf = async (file: string) => {
      const loaded = await loadConfig(folder, file, {});
      return loaded.ok ? 'read' : loaded.error[0]?.code;
    };
    expect(await codeOf('endless.yml')).toBe('missing-config');
    expect(await codeOf('large.yml')).toBe('config-too-large');
  });

  it('says what to do when there is no such file', async () => {
    expect(await loadConfig(folder, 'trainyard.yml', {})).toMatchObject({
      ok: false,
      error: [{ code: 'missing-config', where: { file: 'trainyard.yml' } }],
    });
  });
});

describe("the machine's clock", () => {
  it('tells the time as an instant in UTC', () => {
    expect(Math.abs(Date.parse(systemClock.now()) - Date.now())).toBeLessThan(5_000);
    expect(systemClock.now()).toMatch(/Z$/);
  });

  it('stops waiting when it is told to', async () => {
    await expect(systemClock.wait(60_000, AbortSignal.abort())).rejects.toThrow();
    await systemClock.wait(0);
  });
});
