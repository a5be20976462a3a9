import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBox } from '../../adapters/box/open-box.ts';
import { createProjectRunner } from '../../adapters/mlflow/project.ts';
import { runProcess } from '../../adapters/run-process.ts';
import type { BoxPolicy } from '../../core/config/config.ts';
import { ROOT, STATE_DIR, venvProgram } from '../../sandbox/checkout.ts';

/** A runner's folders, outside all that is hidden anyway: its work, the workspace in it, its command files, and what it is registered with. */
const runner = mkdtempSync(path.join(STATE_DIR, 'runner-'));
const at = (...names: readonly string[]) => path.join(runner, ...names);
const workspace = at('_work', 'repo', 'repo');
const commandFile = at('_work', '_temp', '_runner_file_commands', 'set_output_1');
const SECRET = 'secret-of-the-job';
const env = {
  PATH: process.env['PATH'],
  ...{
    GITHUB_WORKSPACE: workspace,
    RUNNER_TEMP: at('_work', '_temp'),
    RUNNER_WORKSPACE: at('_work', 'repo'),
  },
  ...{ GITHUB_OUTPUT: commandFile, ACTIONS_RUNTIME_TOKEN: SECRET, TRAINYARD_SIGNING_KEY: SECRET },
};

beforeAll(() => {
  // A model may run as nobody, who has to find what is shown.
  chmodSync(runner, 0o755);
  for (const folder of [workspace, path.dirname(commandFile), at('_work', '_actions')]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const file of [commandFile, at('.credentials'), at('_work', '_actions', 'action.js')]) {
    writeFileSync(file, SECRET);
  }
  chmodSync(path.dirname(commandFile), 0o700);
});
afterAll(() => rmSync(runner, { recursive: true, force: true }));

const POLICY: BoxPolicy = { require: true, timeoutSeconds: 60 };

type Attack = {
  readonly script: string;
  readonly kind?: 'training' | 'model';
  readonly policy?: Partial<BoxPolicy>;
  readonly python?: string;
  readonly show?: readonly string[];
  /** What the runner's operator says. */
  readonly operator?: Readonly<Record<string, string>>;
  /** What must never be seen. */
  readonly secret?: readonly string[];
};

/** Runs a shell script as a training (or a model) runs, below a job that holds secrets; gives what it printed. */
async function attack({
  script,
  kind = 'training',
  policy = {},
  show = [],
  operator = {},
  secret = [],
  python = venvProgram('python'),
}: Attack) {
  const temp = mkdtempSync(path.join(tmpdir(), 'trainyard-attack-'));
  const lines: string[] = [];
  try {
    const box = await openBox({
      ...{ kind, env: { ...env, ...operator }, python, runtime: path.join(ROOT, 'runtime') },
      ...{ policy: { ...POLICY, ...policy }, onLine: (line) => lines.push(line) },
    });
    const write = kind === 'training' ? [workspace] : [];
    const command = ['sh', '-c', script];
    const boxed = { command, cwd: kind === 'training' ? workspace : '/', temp, show, write };
    const entered = box.enter(boxed);
    // A model's box is entered by our Python, which says the rest.
    const { show: shown } = box.specify(secret);
    const spec = JSON.stringify({ ...box.specify(secret), ...boxed, show: shown });
    const end = await runProcess({
      ...entered,
      ...(kind === 'model' && { args: [...entered.args.slice(0, -1), spec] }),
      cwd: '/',
      env: { PATH: process.env['PATH'], HOME: box.home(temp) },
      timeoutMs: 60_000,
    });
    return { ...end, said: [...end.stdout, ...end.stderr].join('\n'), level: lines.join('\n') };
  } finally {
    rmSync(temp, { recursive: true, force: true });
  }
}

describe('user code in its box', () => {
  test('hears which box it is in', async () => {
    expect((await attack({ script: 'true' })).level).toBe('boxed: namespaces, with network');
    expect((await attack({ script: 'true', kind: 'model' })).level).toBe('boxed: namespaces, no network');
  });

  test('reads the environment of no process of the job', async () => {
    const holder = spawn('sleep', ['60'], { env: { ...process.env, ...env } });
    try {
      await once(holder, 'spawn');
      expect(await readFile(`/proc/${holder.pid}/environ`, 'utf8')).toContain(SECRET);
      const script =
        'cat /proc/[0-9]*/environ /proc/*/root/proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; ls -d /proc/[0-9]* | wc -l';
      const { said, stdout } = await attack({ script });
      expect(said).not.toMatch(/secret-of-the-job|GITHUB_|ACTIONS_|INPUT_|RUNNER_|TRAINYARD_/);
      // The box's first process, the shell, and the pipe's.
      expect(Number(stdout.at(-1))).toBeLessThan(7);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  test('writes no command file of the runner, and reads nothing of its folder', async () => {
    const files = [commandFile, at('.credentials'), at('_work', '_actions', 'action.js')].join(' ');
    const { said } = await attack({
      script: `for f in ${files}; do cat $f; echo forged > $f; done; ls ${at('_work')}`,
    });
    expect(said).not.toContain(SECRET);
    for (const file of files.split(' ')) expect(readFileSync(file, 'utf8')).toBe(SECRET);
    expect(said.split('\n')[0]).toBe('repo');
  });

  test('writes its workspace and its own temporary folder, and nothing else', async () => {
    const program = path.join(path.dirname(venvProgram('python')), 'activate');
    const script = `echo made > made.txt; echo x > /tmp/x && echo temp; for f in /x /etc/x /usr/x ${program} ${ROOT}/runtime/x; do echo x >> $f; done`;
    const { said } = await attack({ script });
    expect(readFileSync(path.join(workspace, 'made.txt'), 'utf8')).toBe('made\n');
    expect(said).toContain('temp');
    expect(said.match(/Read-only file system|Permission denied|nonexistent|Directory/g)).toHaveLength(5);
  });

  test('leaves nothing running, however it was started', async () => {
    const mark = `77${Math.floor(Math.random() * 1e6)}`;
    await attack({
      script: `setsid sleep ${mark} & (setsid nohup sleep ${mark} >/dev/null 2>&1 &); sleep 0.2; exit 0`,
    });
    expect(await findCommands(mark)).toEqual([]);
  });

  test('wins no privilege, and opens no namespace to win one in', async () => {
    const script =
      'grep -E "Cap(Prm|Eff|Bnd)|NoNewPrivs" /proc/self/status; umount /proc; mount -t tmpfs x /mnt; unshare -m id; echo > /proc/sys/kernel/core_pattern; ls /dev/sd* /dev/vd* /dev/mem';
    const { said } = await attack({ script });
    expect(said.match(/Cap\w+:\s+0{16}/g)).toHaveLength(3);
    expect(said).toMatch(/NoNewPrivs:\s+1/);
    expect(said).not.toContain('uid=');
    expect(said).toMatch(/core_pattern/);
  });

  test('is ended when it holds more memory than it may', async () => {
    const hungry = await attack({
      script: 'x=$(head -c 300000000 /dev/zero | tr "\\0" x); sleep 5',
      policy: { memoryBytes: 100_000_000 },
    });
    expect(hungry).toMatchObject({ code: 71 });
    expect(hungry.said).toContain('box: ended: it holds');
  });

  test('changes nothing of what git is told in the workspace', async () => {
    mkdirSync(path.join(workspace, '.git', 'hooks'), { recursive: true });
    writeFileSync(path.join(workspace, '.git', 'config'), '[core]');
    const { said } = await attack({
      script: 'echo x >> .git/config; echo x > .git/hooks/post-checkout; mv .git moved; rm -r .git; echo end',
      show: [path.join(workspace, '.git')],
    });
    expect(said).toContain('end');
    expect(readFileSync(path.join(workspace, '.git', 'config'), 'utf8')).toBe('[core]');
    expect(await readdir(path.join(workspace, '.git', 'hooks'))).toEqual([]);
  });

  test('follows no link of its workspace to what is hidden', async () => {
    symlinkSync(commandFile, path.join(workspace, 'link'));
    const { said } = await attack({ script: 'cat link; echo forged > link' });
    expect(said).not.toContain(SECRET);
    expect(readFileSync(commandFile, 'utf8')).toBe(SECRET);
  });

  test('of a model, reaches no network and not the workspace', async () => {
    const { said } = await attack({ script: `cat /proc/net/dev; ls ${workspace}; id -u`, kind: 'model' });
    expect(said).not.toMatch(/eth|ens|made\.txt/);
    expect(said).toMatch(/lo:/);
    expect(said).not.toMatch(/^0$/m);
  });
});

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
    const { said } = await attack({ script, kind: 'model', operator: { RUNNER_TEMP: '/tmp' } });
    expect(said).toBe('x\nx');
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
    const python = at('python-that-reads');
    const reads = `cat ${inputs[0]} ${holdout} ${home}/key; echo $PIP_INDEX_URL $CLUSTER $RUNNER_TOKEN`;
    const script = `#!/bin/sh\n[ "$1" = -m ] || exec /usr/bin/python3 "$@"\n${reads}\n`;
    writeFileSync(python, script, { mode: 0o755 });
    const operator = {
      ...{ HOME: home, RUNNER_WORKSPACE: path.join(disk, 'x'), DATA: path.dirname(holdout), WORK: home },
      ...{ PIP_INDEX_URL: 'mirror', CLUSTER: 'one', RUNNER_TOKEN: SECRET },
      TRAINYARD_BOX_VARIABLES: 'CLUSTER,RUNNER_TOKEN',
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

describe('where no namespaces can be made', () => {
  const python = at('python-without');
  /** One that root alone can start, as under `/root`. */
  const ofRoot = at('of-root', 'python-without');

  beforeAll(() => {
    const without = 'setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin --';
    const script = `#!/bin/sh\n[ $(id -u) = 0 ] && exec ${without} /usr/bin/python3 "$@"\nexec /usr/bin/python3 "$@"\n`;
    mkdirSync(path.dirname(ofRoot), { mode: 0o700 });
    for (const file of [python, ofRoot]) writeFileSync(file, script, { mode: 0o755 });
  });

  test('user code is refused where the policy requires them', async () => {
    const problems = [{ code: 'box-impossible' }];
    await expect(attack({ script: 'true', python })).rejects.toMatchObject({ problems });
  });

  test.runIf(process.getuid?.() === 0)(
    'training runs with a plain word, its limits, and an end for all it starts',
    async () => {
      const mark = `78${Math.floor(Math.random() * 1e6)}`;
      const script = `setsid sleep ${mark} & (setsid sleep ${mark} &); sleep 0.2; x=$(head -c 300000000 /dev/zero | tr "\\0" x); sleep 5`;
      const policy = { require: false, memoryBytes: 100_000_000 };
      const end = await attack({ script, python, policy });
      expect(end.level).toMatch(
        /^not boxed, so that it may read what this job holds: .*Operation not permitted/,
      );
      expect(end.code).toBe(71);
      expect(await findCommands(mark)).toEqual([]);
    },
  );

  test.runIf(process.getuid?.() === 0)('a model starts even if nobody can start its Python', async () => {
    const policy = { require: false };
    const { said, level } = await attack({ script: 'echo starts', python: ofRoot, kind: 'model', policy });
    expect(level).toMatch(/^not boxed, .*unshare.*nor can nobody run this Python \(.*Permission denied/);
    expect(said).toBe('starts');
  });

  test.runIf(process.getuid?.() === 0)(
    'a model is another user, who reads no environment of the job',
    async () => {
      const holder = spawn('sleep', ['60'], { env: { ...process.env, ...env } });
      try {
        await once(holder, 'spawn');
        const script = `id -u; cat /proc/${holder.pid}/environ; cat ${commandFile}; echo x > ${commandFile}`;
        const { said, level } = await attack({ script, python, kind: 'model', policy: { require: false } });
        expect(level).toMatch(/^boxed: a user of its own, with network/);
        expect(said).toMatch(/^65534\n/);
        expect(said.match(/Permission denied/g)).toHaveLength(3);
        expect(said).not.toContain(SECRET);
      } finally {
        holder.kill('SIGKILL');
      }
    },
  );
});

/** The command lines on this machine that hold a text. */
async function findCommands(text: string): Promise<readonly string[]> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const commands = processes.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(commands)).filter((command) => command.includes(text));
}
