import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createProjectRunner } from '../../adapters/mlflow/project.ts';
import { ROOT } from '../../sandbox/checkout.ts';
import { at, attack, commandFile, env, POLICY, SECRET, useRunner, workspace } from './support/attack.ts';

useRunner();

describe('what is shown of the hidden', () => {
  const disk = at('disk');
  const holdout = path.join(disk, 'data', 'holdout.csv');
  const home = at('home');

  beforeAll(() => {
    mkdirSync(path.dirname(holdout), { recursive: true });
    writeFileSync(holdout, SECRET);
    writeFileSync(path.join(disk, 'open.txt'), 'open');
    for (const folder of [
      path.join(workspace, 'bin'),
      path.join(home, 'bin'),
      path.join(home, 'env', 'lib'),
    ]) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'tool'), 'tool');
    }
    writeFileSync(path.join(home, 'key'), SECRET);
    writeFileSync(path.join(workspace, 'labels.csv'), SECRET);
  });

  test('a model never sees the holdout, whatever folder around it is shown', async () => {
    const script = `cat ${disk}/open.txt; cat ${holdout}`;
    for (const shown of [disk, path.dirname(holdout), holdout, at()]) {
      const operator = { TRAINYARD_BOX_SHOW: `${disk}:${shown}` };
      const { said } = await attack({ script, kind: 'model', operator, secret: [holdout] });
      expect(said).toBe('open');
    }
  });

  test('a folder around the runner shows neither its command files nor what it is registered with', async () => {
    const script = `cat ${disk}/open.txt ${commandFile} ${at('.credentials')}`;
    const { said } = await attack({ script, operator: { TRAINYARD_BOX_SHOW: at() } });
    expect(said).toMatch(/^open/);
    expect(said).not.toContain(SECRET);
  });

  test('a place on PATH shows no whole home and no whole workspace', async () => {
    const PATH = [
      path.join(workspace, 'bin'),
      path.join(home, 'bin'),
      path.join(home, 'env', 'bin'),
      env.PATH,
    ];
    const script = `cat ${workspace}/bin/tool ${home}/bin/tool ${home}/env/lib/tool; cat ${workspace}/labels.csv ${home}/key`;
    const operator = { HOME: home, PATH: PATH.join(':') };
    const { said, stdout } = await attack({ script, kind: 'model', operator });
    expect(stdout).toEqual(['tooltooltool']);
    expect(said).not.toContain(SECRET);
  });

  test('a place that is hidden as a whole is shown as a whole', async () => {
    mkdirSync(path.join(home, 'more'), { recursive: true });
    const operator = { HOME: home, TRAINYARD_BOX_SHOW: `${home}:${home}/env` };
    const { stdout } = await attack({ script: `ls ${home}; cat ${home}/env/lib/tool`, operator });
    expect(stdout).toEqual(['bin', 'env', 'key', 'more', 'tool']);
  });

  test('a folder that a link names is found by the link, and by its own name', async () => {
    const link = path.join(home, 'link');
    symlinkSync(disk, link);
    const operator = { HOME: home, RUNNER_WORKSPACE: path.join(disk, 'data', 'x'), TRAINYARD_BOX_SHOW: link };
    const { said } = await attack({ script: `cat ${link}/open.txt ${disk}/open.txt; ls ${home}`, operator });
    expect(said).toBe('openopenlink');
  });

  test("a temporary folder of the runner that is /tmp is the box's own", async () => {
    const script = 'echo x > /tmp/x && cat /tmp/x; ls /tmp';
    const { stdout } = await attack({ script, kind: 'model', operator: { RUNNER_TEMP: '/tmp' } });
    // A checkout that lies there is shown in it.
    const [, place, folder = ''] = ROOT.split('/');
    expect(stdout).toEqual(['x', ...(place === 'tmp' ? [folder, 'x'].toSorted() : ['x'])]);
  });

  test('a training writes where the operator says, in what is hidden too, and a model does not', async () => {
    const places = [path.join(disk, 'checkpoints'), path.join(home, 'cache')];
    for (const place of places) mkdirSync(place, { recursive: true });
    const operator = { HOME: home, TRAINYARD_BOX_WRITE: `${places.join(':')}:${at('nowhere')}` };
    const script = places.map((place) => `echo made >> ${place}/made`).join(';');
    const { level } = await attack({ script, operator });
    await attack({ script, operator, kind: 'model' });
    for (const place of places) expect(readFileSync(path.join(place, 'made'), 'utf8')).toBe('made\n');
    expect(level).toContain(`TRAINYARD_BOX_WRITE names ${at('nowhere')}, which is not there.`);
  });

  test('a training reads its inputs and what variables name, but no whole home by them', async () => {
    const inputs = [path.join(home, 'env', 'lib', 'tool'), home];
    const python = at('programs', 'python-that-reads');
    mkdirSync(path.dirname(python), { recursive: true });
    const reads = `cat ${inputs[0]} ${holdout} ${home}/key; echo $PIP_INDEX_URL $CLUSTER $RUNNER_TOKEN`;
    const script = `#!/bin/sh\n[ "$1" = -m ] || exec /usr/bin/python3 "$@"\n${reads}\n`;
    writeFileSync(python, script, { mode: 0o755 });
    const operator = {
      ...{ HOME: home, RUNNER_WORKSPACE: path.join(disk, 'x'), DATA: path.dirname(holdout), WORK: home },
      ...{ PIP_INDEX_URL: 'mirror', CLUSTER: 'one', RUNNER_TOKEN: SECRET },
      ...{ TRAINYARD_BOX_VARIABLES: 'CLUSTER,RUNNER_TOKEN', TRAINYARD_BOX_SHOW: path.dirname(python) },
    };
    const project = createProjectRunner({
      ...{ python, runtime: path.join(ROOT, 'runtime'), cwd: workspace, env: { ...env, ...operator } },
      ...{ policy: POLICY, variables: ['DATA', 'WORK'], inputs, docker: false },
      ...{ trackingUri: 'http://127.0.0.1:1', onLine: () => {} },
    });
    const { lines } = await project.run({
      ...{ uri: '.', entryPoint: 'main', environment: 'local', parameters: {}, experiment: 'e', runId: 'r' },
      ...{ variables: {}, timeoutSeconds: 60 },
    });
    expect(lines[0]).toBe(`tool${SECRET}mirror one`);
    expect(lines.slice(1).join('\n')).toMatch(/home\/key/);
  });

  test.runIf(existsSync('/run'))('training finds the resolver of names, and a model does not', async () => {
    const resolver = '/run/systemd/resolve';
    const made = !existsSync(resolver) && process.getuid?.() === 0;
    const file = path.join(resolver, 'trainyard-test.conf');
    if (made) mkdirSync(resolver, { recursive: true });
    try {
      if (made) writeFileSync(file, 'nameserver 127.0.0.53');
      const script = `cat /etc/resolv.conf >/dev/null && echo names; ls ${resolver} /run`;
      expect((await attack({ script })).stdout[0]).toBe('names');
      if (made) expect((await attack({ script: `cat ${file}` })).said).toBe('nameserver 127.0.0.53');
      expect((await attack({ script: `ls ${resolver}`, kind: 'model' })).said).toContain('No such file');
    } finally {
      if (made) rmSync(resolver, { recursive: true, force: true });
    }
  });
});
