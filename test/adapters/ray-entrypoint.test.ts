import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createRay } from '../../adapters/remote/ray.ts';

/** As Ray does: joins the words of an entrypoint, sets variables with others' values put into them, and has a shell read the line. */
const RAY = `
import json, os, re, shlex, subprocess, sys
joined, words, variables = json.load(sys.stdin)
for name, value in variables.items():
    os.environ[name] = re.sub(r"\\$\\{[A-Z0-9_]+\\}", "", os.path.expandvars(value))
line = {"list2cmdline": subprocess.list2cmdline, "shlex.join": shlex.join}[joined](words)
sys.exit(subprocess.run(line, shell=True).returncode)
`;
const TOLD = `
import json, os, sys
print(json.dumps([sys.argv[1:], os.getcwd(), os.environ["PLAIN"], os.environ["EXACT"], "TRAINYARD_JOB" in os.environ]))
sys.exit(3)
`;
const DOLLARS = `\${HOME} $HOME $(x)`;
const WORDS = [
  ...[
    `note=$(touch\${IFS}made|sh)`,
    '`touch made`',
    '; touch made',
    '&& touch made',
    '> made',
    `$HOME \${HOME}`,
  ],
  ...[
    'two words',
    'a\nline; touch made\n',
    '"double"',
    "'single'",
    '\\"both\\\' ',
    '',
    '-c',
    '--',
    '*',
    '~',
    '!x',
    '%PATH%',
  ],
  ...['\u00fc\u6f22\u{1f600}', '\ttab', 'end\\'],
];

test.each(['list2cmdline', 'shlex.join'])(
  'words of a job reach it as they are, where Ray joins its entrypoint by %s',
  (joined) => {
    const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'ty-ray-words-')));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [own, cwd] = [path.join(folder, 'own'), path.join(folder, "my $(touch made) 'work'")];
    for (const one of [own, cwd]) mkdirSync(one);
    const ray = createRay({ kind: 'ray', address: 'http://h:1' });
    const job = {
      ...{ name: 'r', command: ['python3', '-c', TOLD, ...WORDS], cwd, timeoutSeconds: 9 },
      variablesFile: '/f',
    };
    const words = ray.submit(job);
    const settings = ray.settings?.(job, { PLAIN: 'a "b"', EXACT: DOLLARS });
    const variables = settings !== undefined && 'env_vars' in settings ? settings.env_vars : {};
    const input = JSON.stringify([joined, words.slice(words.indexOf('--') + 1), variables]);
    const end = spawnSync('python3', ['-c', RAY], { input, cwd: own, encoding: 'utf8' });
    expect(end.stderr).toBe('');
    expect(JSON.parse(end.stdout)).toEqual([WORDS, cwd, 'a "b"', DOLLARS, false]);
    expect(end.status).toBe(3);
    expect([...readdirSync(own), ...readdirSync(cwd)]).toEqual([]);
  },
);

test('nothing of a job stands in the line that a shell of the cluster reads', () => {
  const ray = createRay({ kind: 'ray', address: 'http://h:1' });
  const entrypoint = (command: readonly string[], cwd: string) => {
    const words = ray.submit({ name: 'r', command, cwd, timeoutSeconds: 9, variablesFile: '/f' });
    return words.slice(words.indexOf('--') + 1);
  };
  expect(entrypoint(WORDS, '/$(x)')).toEqual(entrypoint(['python'], '/w'));
  const [launcher, ...more] = entrypoint([], '/').filter((word) => !/^[\w@%+=:,./-]+$/.test(word));
  expect(launcher).toMatch(/^import [^'"$`\\!\n]+$/);
  expect(more).toEqual([]);
});
