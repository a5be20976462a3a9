import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { describeOpenSecrets } from '../../agent/options/find-open-secrets.ts';
import { describeOptions } from '../../agent/options/help.ts';
import { readOptions } from '../../agent/options/options.ts';
import { parseTokens } from '../../agent/options/tokens.ts';
import { UserError } from '../../core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'ty-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = { TRAINYARD_AGENT_TOKENS: 'deployer 0123456789abcdef' };

function problemsOf(argv: readonly string[], env: Record<string, string> = TOKEN): readonly string[] {
  try {
    readOptions(argv, env);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return thrown.problems.map(({ message }) => message);
  }
}

describe('options', () => {
  test('bind to loopback and send nothing unless told', () => {
    const options = readOptions([], TOKEN);
    expect(options.listen).toEqual({ address: '127.0.0.1', port: 9443 });
    expect(options.dispatch).toBeUndefined();
    expect(options.runtime).toBe('process');
  });

  test('take flags before the environment', () => {
    const env = { ...TOKEN, TRAINYARD_AGENT_TICK_SECONDS: '7', TRAINYARD_AGENT_ENVIRONMENT: 'staging' };
    const options = readOptions(['--tick-seconds', '3'], env);
    expect([options.tickSeconds, options.environment]).toEqual([3, 'staging']);
  });

  test('take a switch by its name alone, or with a value', () => {
    const open = ['--listen', '0.0.0.0:9443'];
    expect(readOptions(['--allow-plaintext', ...open], TOKEN).listen.address).toBe('0.0.0.0');
    expect(readOptions([...open, '--allow-plaintext=true'], TOKEN).listen.port).toBe(9443);
    expect(problemsOf([...open, '--allow-plaintext=false'])).toHaveLength(1);
  });

  test('report everything that is wrong at once', () => {
    const argv = ['--frob', '--listen', 'nowhere', '--tick-seconds', '-1', '--repository', 'x'];
    expect(problemsOf(argv)).toEqual([
      '--frob is no option.',
      expect.stringContaining('--listen: it is written <IP address>:<port>'),
      expect.stringContaining('--repository: it is written owner/name'),
      expect.stringContaining('--tick-seconds'),
    ]);
  });

  test.each<[string, readonly string[], string]>([
    ['no access token', [], 'at least one access token'],
    ['an open port without TLS', ['--listen', '0.0.0.0:9443'], 'needs --tls-cert and --tls-key'],
    ['half of a key pair', ['--tls-cert', '/dev/null'], 'go together'],
    ['a folder too deep for sockets', ['--data-dir', `/${'x'.repeat(70)}`], 'Unix sockets'],
    ['a repository without token', ['--repository', 'a/b'], 'need a token, or an App'],
    ['a file that is not there', ['--trusted-keys', '/nowhere.pem'], "can't be read"],
    ['a flag for a secret', ['--github-token', 'x'], 'is no option'],
  ])('are refused with %s', (_what, argv, message) => {
    const env: Record<string, string> = message.startsWith('at least') ? {} : TOKEN;
    expect(problemsOf(argv, env).join('\n')).toContain(message);
  });

  test('never put a secret into a message', () => {
    const env = { TRAINYARD_AGENT_TOKENS: 'deployer short-secret' };
    expect(problemsOf([], env).join()).not.toContain('short-secret');
  });

  test('read secrets from files', () => {
    const file = join(folder, 'tokens');
    writeFileSync(file, '# who may\nreader 0123456789abcdef==\n');
    expect(readOptions(['--tokens-file', file], {}).tokens).toMatchObject([{ role: 'reader' }]);
  });

  test('come from no file that every user of the host may change', () => {
    const file = join(folder, 'open');
    writeFileSync(file, 'reader 0123456789abcdef==\n');
    chmodSync(file, 0o646);
    for (const argv of [
      ['--tokens-file', file],
      ['--trusted-keys', file],
      ['--tls-cert', file, '--tls-key', file],
    ])
      expect(problemsOf(argv).join('\n')).toContain(`${file} can be changed by every user`);
    chmodSync(file, 0o644);
    expect(readOptions(['--tokens-file', file], {}).tokens).toHaveLength(1);
  });

  test('in files that every user of the host may read are named with the command that mends it', () => {
    const [file, keys] = [join(folder, 'readable'), join(folder, 'keys.pem')];
    writeFileSync(file, 'reader 0123456789abcdef==\n', { mode: 0o644 });
    chmodSync(file, 0o644);
    writeFileSync(keys, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }), {
      mode: 0o644,
    });
    const read = () => readOptions(['--tokens-file', file, '--trusted-keys', keys], {}).openSecrets;
    expect(read()).toEqual([file]);
    expect(describeOpenSecrets(read())).toBe(
      `Every user of this host who gets there may read the file of secrets ${file}: chmod o-r ${file}`,
    );
    chmodSync(file, 0o640);
    expect(read()).toEqual([]);
  });

  test('that can not be looked at leave what is wrong with them to be told', () => {
    const [first, second] = [join(folder, 'loop-1'), join(folder, 'loop-2')];
    symlinkSync(first, second);
    symlinkSync(second, first);
    expect(problemsOf(['--tokens-file', first]).join('\n')).toContain('--tokens-file');
  });

  test('of every kind that lie open are named together', () => {
    const file = (name: string) => {
      writeFileSync(join(folder, name), 'reader 0123456789abcdef==\n');
      chmodSync(join(folder, name), 0o604);
      return join(folder, name);
    };
    const argv = [
      ...['--tokens-file', file('t'), '--tls-cert', file('c'), '--tls-key', file('k'), '--repository', 'a/b'],
      ...['--github-token-file', file('g'), '--dispatch-secret-file', file('d')],
    ];
    expect(readOptions(argv, {}).openSecrets).toEqual(['t', 'k', 'g', 'd'].map((name) => join(folder, name)));
  });

  test('are all in the help', () => {
    expect(describeOptions()).toContain('--data-plane');
    expect(describeOptions()).toContain('TRAINYARD_AGENT_GITHUB_TOKEN');
  });
});

test('--version prints what package.json states', () => {
  const { stdout } = spawnSync(process.execPath, ['agent/main.ts', '--version'], { encoding: 'utf8' });
  expect(stdout.trim()).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
});

test('a token has one role', () => {
  const { problems } = parseTokens(
    'reader 0123456789abcdef\nreader 0123456789abcdef\ndeployer 0123456789abcdef',
  );
  expect(problems).toEqual(['the token of entry 3 is the one of entry 1, with another role']);
});

test('tokens with an unknown role, none, or too short are named by place', () => {
  const { tokens, problems } = parseTokens(
    'admin 0123456789abcdef\nreader\ndeployer short\nreader 0123456789abcdef',
  );
  expect(tokens).toHaveLength(1);
  expect(problems.map((problem) => /\d/.exec(problem)?.[0])).toEqual(['1', '2', '3']);
});
