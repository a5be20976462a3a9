import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runProcess } from '../../adapters/run-process.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const NOBODY = ['--reuid', '65534', '--regid', '65534', '--clear-groups'];
const SECRET = 'secret-of-the-job';
/** What NVIDIA's container runtime does to a container with a GPU: something lies over a part of /proc, and the user is not root. */
const MASKED = `mount --make-rprivate / && mount --bind /dev/null /proc/version && exec setpriv ${NOBODY.join(' ')} "$@"`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'trainyard-proc-'));
  chmodSync(folder, 0o711);
  mkdirSync(path.join(folder, 'temp'));
  chmodSync(path.join(folder, 'temp'), 0o777);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Masked = { readonly memoryBytes?: number | null; readonly as?: string };

/** Runs a script in a box of namespaces where the kernel allows no /proc of its own. */
async function runMasked(script: string, { memoryBytes = null, as = MASKED }: Masked = {}) {
  const file = path.join(folder, 'script.sh');
  writeFileSync(file, script);
  const spec = JSON.stringify({
    ...{ level: 'namespaces', nobody: false, network: true, hide: ['/home'], secret: [], write: [] },
    ...{ show: [file], temp: path.join(folder, 'temp'), cwd: '/', command: ['sh', file] },
    limits: { memoryBytes, fileBytes: null, processes: 4096 },
  });
  const start = path.join(ROOT, 'runtime', 'start.py');
  const end = await runProcess({
    command: 'unshare',
    args: ['-m', 'sh', '-c', as, 'sh', '/usr/bin/python3', '-I', '-S', start, 'box', spec],
    ...{ cwd: '/', env: { PATH: process.env['PATH'] }, timeoutMs: 60_000 },
  });
  return { ...end, said: [...end.stdout, ...end.stderr].join('\n') };
}

describe.runIf(process.getuid?.() === 0)('where something lies over a part of /proc, as with GPUs', () => {
  test('a box is made, and says that it sees other processes and can look into none', async () => {
    const { code, said } = await runMasked('echo starts');
    expect(code).toBe(0);
    expect(said).toContain('starts');
    expect(said).toContain('box: there is no /proc of its own here');
  });

  test('no environment, memory, root or file of a process of the same user is read', async () => {
    // Another of the job's processes, as the runner's own is: the same user, and nothing else keeps him out.
    const holder = spawn('setpriv', [...NOBODY, 'sleep', '60'], { env: { ...process.env, JOB: SECRET } });
    try {
      await once(holder, 'spawn');
      const { pid } = holder;
      const files = ['environ', 'maps', 'mem', 'root/etc/hostname', 'cwd/etc/hostname', 'fd/0'];
      const { said, code } = await runMasked(
        `cat /proc/[0-9]*/environ | tr '\\0' '\\n'; for f in ${files.join(' ')}; do head -c 1 /proc/${pid}/$f && echo "read $f"; done; cat /proc/self/environ >/dev/null && echo own`,
      );
      expect(code).toBe(0);
      expect(said).toContain('own');
      expect(said).not.toContain(SECRET);
      expect(said).not.toMatch(/^.?read /m);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  test('it is not made where it could look into another', async () => {
    // Who is root in a namespace of users gets no other one: without privileges, processes of his are open to each other.
    const as = `mount --make-rprivate / && mount --bind /dev/null /proc/version && exec unshare -Urm sh -c 'setpriv --bounding-set=-all --inh-caps=-all sleep 60 & trap "kill $!" EXIT; sleep 0.3; "$@"' sh "$@"`;
    const { code, said } = await runMasked('echo starts', { as });
    expect(said).toMatch(/it could look into process \d+/);
    expect(said).not.toContain('starts');
    expect(code).toBe(70);
  });

  test('its limits hold, files are moved as elsewhere, and nothing is left', async () => {
    const hungry = await runMasked('x=$(head -c 300000000 /dev/zero | tr "\\0" x); sleep 5', {
      memoryBytes: 100_000_000,
    });
    expect(hungry.code).toBe(71);
    const mark = `79${Math.floor(Math.random() * 1e6)}`;
    const { said } = await runMasked(
      `mkdir /tmp/a /tmp/b; echo x > /tmp/a/x; python3 -c "import os; os.rename('/tmp/a/x', '/tmp/b/x')" && echo moved; setsid sleep ${mark} & sleep 0.2`,
    );
    expect(said).toContain('moved');
    const left = await runProcess({
      command: 'pgrep',
      args: ['-f', `sleep ${mark}`],
      cwd: '/',
      timeoutMs: 10_000,
      env: process.env,
    });
    expect(left.stdout).toEqual([]);
  });
});
