import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readOptions } from '../../agent/options/options.ts';
import { readValues } from '../../agent/options/read-values.ts';
import { formatProblem } from '../../core/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'ty-'));
const file = join(folder, 'agent.toml');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = { TRAINYARD_AGENT_TOKENS: 'deployer 0123456789abcdef' };

function write(...lines: readonly string[]): readonly string[] {
  writeFileSync(file, `${lines.join('\n')}\n`);
  return ['--config', file];
}

/** What is wrong with a file of these lines, each problem as it is shown, without the folder. */
function wrongWith(...lines: readonly string[]): readonly string[] {
  const { problems } = readValues(write(...lines), {});
  return problems.map((problem) => formatProblem(problem).replace(`${folder}/`, ''));
}

describe('the file of settings', () => {
  test('says what neither flags nor the environment say', () => {
    const argv = write(
      ...['# Where predictions come in', 'data-plane = "0.0.0.0:8080" # all of it', '', 'envoy-threads = 4'],
      ...[
        'allow-plaintext = true',
        "environment = 'staging'",
        'drift-tolerance = 0.05',
        'max-body-bytes = 1_000_000',
      ],
      ...['"host-name" = "se\\u0072ve-1"', 'tick-seconds = 9', 'window-seconds = 60'],
    );
    const env = { ...TOKEN, TRAINYARD_AGENT_TICK_SECONDS: '7', TRAINYARD_AGENT_ENVOY_THREADS: '3' };
    expect(readOptions([...argv, '--envoy-threads', '1'], env)).toMatchObject({
      ...{ dataPlane: { address: '0.0.0.0', port: 8080 }, allowPlaintext: true, environment: 'staging' },
      ...{ driftTolerance: 0.05, maxBodyBytes: 1_000_000, hostName: 'serve-1', windowSeconds: 60 },
      ...{ tickSeconds: 7, envoyThreads: 1, captureSeconds: 5 },
    });
  });

  test('is named by the environment too, for who starts the agent by a unit', () => {
    write('environment = "staging"');
    expect(readOptions([], { ...TOKEN, TRAINYARD_AGENT_CONFIG: file }).environment).toBe('staging');
  });

  test('names each wrong line by file and number, all at once', () => {
    expect(
      wrongWith(
        ...[
          'data-plan = "0.0.0.0:8080"',
          '[tls]',
          'listen = "nowhere"',
          'tick-seconds = -1',
          'environment = staging',
        ],
        ...['tls-cert = "/a"', 'tls-cert = "/b"', 'tokens = "deployer 0123456789abcdef"', 'config = "/c"'],
        ...['handlers = ["any"]', 'host-name = """', 'a', '"""', 'python = "C:\\x"', 'what is this = 1'],
      ),
    ).toEqual([
      'agent.toml:1: data-plan is no option. Did you mean data-plane? See --help: a key is a flag without its dashes.',
      expect.stringMatching(/^agent\.toml:2: This line sets no option\./),
      expect.stringMatching(/^agent\.toml:5: environment has no value that can be read\./),
      'agent.toml:7: tls-cert stands in line 6 already. Keep one of the two.',
      'agent.toml:8: tokens is a secret, and none stands in this file. Name a file of it, as tokens-file does, or set TRAINYARD_AGENT_TOKENS.',
      expect.stringMatching(/^agent\.toml:9: config is no option\./),
      ...[10, 11].map((line) => expect.stringMatching(new RegExp(`^agent\\.toml:${line}: .*no value`))),
      ...[12, 13].map((line) => expect.stringMatching(new RegExp(`^agent\\.toml:${line}: This line sets`))),
      expect.stringMatching(/^agent\.toml:14: python has no value/),
      expect.stringMatching(/^agent\.toml:15: This line sets no option\./),
      expect.stringMatching(/^agent\.toml:3: listen: it is written <IP address>:<port>.* Change it there\.$/),
      expect.stringMatching(/^agent\.toml:4: tick-seconds: /),
    ]);
  });

  test('is not blamed for what a flag says in its place', () => {
    const { problems } = readValues([...write('listen = "127.0.0.1:9443"'), '--listen', 'nowhere'], {});
    expect(problems.map(({ where }) => where)).toEqual([undefined]);
  });

  test('shows no secret that somebody wrote into it', () => {
    expect(wrongWith('github-token = "ghp_0123"', 'dispatch-secret = hush').join()).not.toMatch(/ghp_|hush/);
  });

  test.each([
    ['is not there', 'missing.toml', /^--config: the file .*missing\.toml can't be read/],
    ['every user may change', 'open.toml', /^--config: the file .*open\.toml can be changed by every user/],
  ])('is refused where it %s', (_, name, message) => {
    const open = join(folder, 'open.toml');
    writeFileSync(open, '');
    chmodSync(open, 0o666);
    const { problems } = readValues(['--config', join(folder, name)], {});
    expect(problems.map(({ message: said }) => said)).toEqual([expect.stringMatching(message)]);
  });
});
