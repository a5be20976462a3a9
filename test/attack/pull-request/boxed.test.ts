import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { at, attack, commandFile, env, SECRET, useRunner, workspace } from '../../adapters/support/attack.ts';
import { findCommands } from '../../adapters/support/find-commands.ts';
import { play } from '../support/play.ts';

useRunner();

/** What of the job a script found, by name. */
function lootOf(said: string): string {
  const found = said.match(/secret-of-the-job|(?:GITHUB|ACTIONS|INPUT|RUNNER|TRAINYARD)_\w+/g) ?? [];
  return found.length === 0 ? 'no secret' : found.join();
}

/** The refusals that a script met with. */
function refusalsIn(said: string): readonly string[] {
  return (
    said.match(/No such file or directory|Directory nonexistent|Read-only file system|Permission denied/g) ??
    []
  );
}

play('P9', async () =>
  lootOf((await attack({ script: 'env; cat /proc/self/environ /proc/1/environ' })).said),
);

play('P10', async () => {
  const holder = spawn('sleep', ['60'], { env: { ...process.env, ...env } });
  try {
    await once(holder, 'spawn');
    if (!(await readFile(`/proc/${holder.pid}/environ`, 'utf8')).includes(SECRET)) return 'nothing to find';
    const script = 'cat /proc/[0-9]*/environ /proc/[0-9]*/root/proc/[0-9]*/environ 2>/dev/null; echo';
    return lootOf((await attack({ script })).said);
  } finally {
    holder.kill('SIGKILL');
  }
});

play('P11', async () => {
  const mark = `79${Math.floor(Math.random() * 1e6)}`;
  const begun = `setsid sleep ${mark} & (setsid nohup sleep ${mark} >/dev/null 2>&1 &)`;
  await attack({
    script: `${begun}; python3 -c 'import os, time; os.fork() or os.setsid(); time.sleep(${mark})' & sleep 0.2`,
  });
  return (await findCommands(mark)).length > 0 ? 'it runs' : 'nothing runs';
});

play('P12', async () => {
  const files = [commandFile, path.join(path.dirname(commandFile), 'set_env_2')].join(' ');
  const { said } = await attack({ script: `for f in ${files}; do echo run-id=forged >> $f; done` });
  const isKept = readFileSync(commandFile, 'utf8') === SECRET;
  return isKept && refusalsIn(said).length === 2 ? 'out of sight' : said;
});

play('P14', async () => {
  const script = 'trap "" TERM INT HUP; while :; do sleep 1; done';
  return (await attack({ script, timeoutMs: 1_500 })).ended;
});

play('P15', async () => {
  const { stdout } = await attack({ script: 'yes | tr -d "\\n" | head -c 200000000; echo; echo end' });
  const longest = Math.max(...stdout.map(({ length }) => length));
  return longest < 1e6 && stdout.at(-1) === 'end' ? 'cut' : `${longest} characters are kept`;
});

play('P16', async () => {
  mkdirSync(path.join(workspace, 'data'), { recursive: true });
  symlinkSync(commandFile, path.join(workspace, 'data', 'train.csv'));
  symlinkSync(at('.credentials'), path.join(workspace, 'credentials'));
  const { said } = await attack({
    script: 'cat data/train.csv credentials; ln -s /proc/1/root/.. up; cat up/etc/shadow',
  });
  return !said.includes(SECRET) && refusalsIn(said).length >= 2 ? 'out of sight' : said;
});

play('P18', async () => {
  const loot = at('submodule-loot');
  const repository = mkdtempSync(at('submodule-'));
  const git = (...args: readonly string[]) =>
    promisify(execFile)('git', ['-C', repository, '-c', 'user.name=eve', '-c', 'user.email=eve@x', ...args]);
  await git('init', '--quiet');
  await git('commit', '--quiet', '--allow-empty', '-m', 'first');
  const { stdout } = await git('rev-parse', 'HEAD');
  await git('update-index', '--add', '--cacheinfo', `160000,${stdout.trim()},more`);
  const text = `[submodule "more"]\n\tpath = more\n\turl = ext::touch ${loot}\n\tupdate = !touch ${loot}\n`;
  writeFileSync(path.join(repository, '.gitmodules'), text);
  const failure = await git('submodule', 'update', '--init', '--recursive').then(
    () => 'updated',
    ({ stderr }) => String(stderr),
  );
  const isRun = (await readdir(at())).includes(path.basename(loot));
  return !isRun && /invalid value|not allowed/.test(failure) ? 'transport-refused' : failure;
});

play('P19', async () => {
  mkdirSync(path.join(workspace, '.git', 'hooks'), { recursive: true });
  writeFileSync(path.join(workspace, '.git', 'config'), '[core]\n');
  const script =
    'echo "fsmonitor = touch /tmp/x" >> .git/config; echo x > .git/hooks/post-checkout; echo x > .git/index; mv .git moved 2>/dev/null; echo';
  const { said } = await attack({ script, show: [path.join(workspace, '.git')] });
  const isKept = readFileSync(path.join(workspace, '.git', 'config'), 'utf8') === '[core]\n';
  return isKept ? [...new Set(refusalsIn(said))].join() : 'changed';
});

play('P20', async () => {
  const kept = [at('_work', '_actions', 'action.js'), at('_work', '_tool', 'node'), at('.credentials')];
  const { said } = await attack({
    script: `for f in ${kept.join(' ')}; do cat $f; echo forged > $f; done; ls ${at('_work')}; echo "cache:$ACTIONS_CACHE_URL$ACTIONS_RUNTIME_TOKEN"`,
  });
  const isKept = readFileSync(at('_work', '_actions', 'action.js'), 'utf8') === SECRET;
  return isKept && lootOf(said) === 'no secret' && said.includes('cache:\n') && !said.includes('_actions\n')
    ? 'out of sight'
    : said;
});
