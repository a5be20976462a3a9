import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT, venvProgram } from '../../sandbox/checkout.ts';
import { at, attack, commandFile, env, SECRET, useRunner, workspace } from './support/attack.ts';
import { findCommands } from './support/find-commands.ts';

useRunner();

describe('user code in its box', () => {
  test('hears which box it is in', async () => {
    const handedOn = 'namespaces';
    const level = 'boxed: namespaces';
    expect(await attack({ script: 'true' })).toMatchObject({ handedOn, level: `${level}, with network` });
    const model = await attack({ script: 'true', kind: 'model' });
    expect(model).toMatchObject({ handedOn, level: `${level}, no network` });
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
    const refused = said.split('\n').filter((line) => /Read-only|Permission denied|nonexistent/.test(line));
    expect(refused).toHaveLength(5);
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
      expect(end).toMatchObject({ code: 71, handedOn: 'none' });
      expect(await findCommands(mark)).toEqual([]);
    },
  );

  test.runIf(process.getuid?.() === 0)('a model starts even if nobody can start its Python', async () => {
    const policy = { require: false };
    const asked = { script: 'echo starts', python: ofRoot, kind: 'model', policy } as const;
    const { said, level, handedOn } = await attack(asked);
    expect(handedOn).toBe('none');
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
        const asked = { script, python, kind: 'model', policy: { require: false } } as const;
        const { said, level, handedOn } = await attack(asked);
        expect(handedOn).toBe('user');
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
