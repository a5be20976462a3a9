import { spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readOptions } from '../../agent/options/options.ts';
import { createTokenBook } from '../../agent/options/token-book.ts';
import { parseTokens } from '../../agent/options/tokens.ts';
import { rotateToken } from '../../agent/rotate-token.ts';
import type { Role } from '../../core/serving/route.ts';
import { startAgent } from '../../sandbox/agent/start-agent.ts';
import { HAS_TOOLCHAIN } from '../../sandbox/checkout.ts';
import { waitFor } from '../../sandbox/machine/wait-for.ts';
import { problemThrownBy } from '../fixtures/problem-of.ts';

const OLD = 'deployer-0123456789';
const READER = 'reader-0123456789';
/** The first characters of the SHA-256 of OLD. */
const OLD_PRINT = parseTokens(`deployer ${OLD}`).tokens[0]?.hash.toString('hex').slice(0, 8) ?? '';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ty-'));
  file = join(folder, 'tokens');
  writeFileSync(file, `# ours\ndeployer ${OLD}   \nreader   ${READER}\n`, { mode: 0o640 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const rotate = (...argv: readonly string[]) => rotateToken([...argv, '--tokens-file', file], {});
const roles = () => parseTokens(readFileSync(file, 'utf8')).tokens.map(({ role }) => role);

describe('a new token', () => {
  test('stands beside the old one until the end, and is printed alone, with what to do beside it', () => {
    const { lines, notes } = rotate('deployer');
    expect(lines).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(roles()).toEqual(['deployer', 'deployer', 'reader']);
    const text = notes.join('\n');
    expect(text).toContain(`${OLD_PRINT} and `);
    for (const step of [
      'gh secret set TRAINYARD_AGENT_TOKEN',
      '.trainyard/secrets/tokens',
      '--from -',
      '--finish',
    ])
      expect(text).toContain(step);
    for (const secret of [OLD, lines[0] ?? '']) expect(text).not.toContain(secret);
    expect(rotate('deployer', '--finish').notes).toEqual([
      `The deployer's token ${OLD_PRINT} is refused from now on.`,
    ]);
    expect(readFileSync(file, 'utf8')).toBe(`# ours\ndeployer ${lines[0]}\nreader   ${READER}\n`);
    expect(rotate('deployer', '--finish').notes).toEqual(['No token of a deployer is being replaced.']);
  });

  test('is taken from the first host by the next, once however often', () => {
    const given = join(folder, 'given');
    writeFileSync(given, `${'a1'.repeat(32)}\n`);
    expect(rotate('deployer', '--from', given).lines).toEqual([]);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain(`deployer ${'a1'.repeat(32)}`);
    expect(rotate('deployer', '--from', given).notes.join()).toContain('is good on this host already');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('is a first one where the role has none', () => {
    rotate('labeler');
    expect(roles()).toEqual(['deployer', 'reader', 'labeler']);
    expect(rotate('labeler', '--finish').notes.join()).toContain('No token');
    expect(roles()).toContain('labeler');
  });

  test('replaces the one that is named of several, also of those that commas separate', () => {
    writeFileSync(file, `deployer ${OLD},reader ${READER},reader other-reader-0123\n`);
    const several = problemThrownBy(() => rotate('reader'));
    expect(several).toMatchObject({ code: 'token-unclear', message: expect.stringMatching(/[0-9a-f]{8}, /) });
    const [first = ''] = /[0-9a-f]{8}/.exec(several?.message ?? '') ?? [];
    rotate('reader', '--replace', first);
    expect(roles()).toEqual(['deployer', 'reader', 'reader', 'reader']);
    rotate('reader', '--finish');
    expect(readFileSync(file, 'utf8')).not.toContain(READER);
    expect(readFileSync(file, 'utf8')).toContain('other-reader-0123');
  });

  test('leaves the file its owner and its rights, closed to others, and a link a link', () => {
    const owner = process.getuid?.() === 0 ? 65_534 : statSync(file).uid;
    if (process.getuid?.() === 0) chownSync(file, owner, owner);
    const link = join(folder, 'link');
    symlinkSync(file, link);
    rotateToken(['reader', '--tokens-file', link], {});
    const { mode, uid } = statSync(file);
    expect([mode & 0o777, uid]).toEqual([0o640, owner]);
    expect(roles()).toHaveLength(3);
  });
});

describe('nothing is changed', () => {
  test.each([
    [['admin'], 'role-unknown'],
    [['deployer', '--replace', 'ffffffff'], 'token-unknown'],
    [['deployer', '--from', '/dev/null'], 'token-unfit'],
  ])('by %j', (argv, code) => {
    const before = readFileSync(file, 'utf8');
    expect(problemThrownBy(() => rotate(...argv))?.code).toBe(code);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('by a token that has another role, or one that can be guessed', () => {
    const given = join(folder, 'given');
    for (const [token, word] of [
      [READER, 'another role'],
      ['short', 'shorter'],
    ]) {
      writeFileSync(given, token ?? '');
      expect(problemThrownBy(() => rotate('deployer', '--from', given))?.message).toContain(word);
    }
  });

  test('by a second rotation before the first has ended', () => {
    rotate('deployer');
    expect(problemThrownBy(() => rotate('deployer'))).toMatchObject({
      code: 'rotation-open',
      remedy: expect.stringContaining('--finish'),
    });
    expect(roles()).toHaveLength(3);
  });

  test('where tokens come from the environment', () => {
    expect(
      problemThrownBy(() => rotateToken(['reader'], { TRAINYARD_AGENT_TOKENS: `reader ${READER}` }))?.code,
    ).toBe('tokens-in-no-file');
  });
});

/** Begins when all of them do, then lets a role in by new tokens in one file after the other, and tells them. */
const ROTATE = `
import { existsSync, writeFileSync } from 'node:fs';
import { rotateToken } from './agent/rotate-token.ts';
const [folder, role, ...files] = process.argv.slice(1);
const told = {};
writeFileSync(folder + '/ready-' + role, '');
while (!existsSync(folder + '/go'));
for (const file of files)
  while (told[file] === undefined)
    try {
      told[file] = rotateToken([role, '--tokens-file', file], {}).lines[0];
    } catch (thrown) {
      if (thrown.problems?.[0].code !== 'tokens-busy') throw thrown;
    }
console.log(JSON.stringify(told));
`;

describe('of several at once', () => {
  const lock = () => `${file}.lock`;

  test('each token that is printed is in the file', async () => {
    const roles = ['deployer', 'labeler', 'reader'];
    const files = Array.from({ length: 20 }, (_, index) => join(folder, String(index), 'tokens'));
    for (const one of files) {
      mkdirSync(join(one, '..'));
      writeFileSync(one, `deployer ${OLD}\nreader ${READER}\n`, { mode: 0o600 });
    }
    const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', ROTATE, folder];
    const runs = roles.map(async (role) => {
      const child = spawn(process.execPath, [...argv, role, ...files], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      return JSON.parse((await child.stdout.setEncoding('utf8').toArray()).join(''));
    });
    const isReady = () =>
      readdirSync(folder).filter((name) => name.startsWith('ready-')).length === roles.length;
    await waitFor(isReady, 'all of them to be there');
    writeFileSync(join(folder, 'go'), '');
    for (const told of await Promise.all(runs))
      for (const one of files) expect(readFileSync(one, 'utf8')).toContain(told[one]);
    for (const one of files) expect(readdirSync(join(one, '..'))).toEqual(['tokens']);
  }, 120_000);

  test('one that runs is not disturbed, also on another machine with the same folder', () => {
    const before = readFileSync(file, 'utf8');
    for (const holder of [`${process.ppid} ${hostname()}`, '1 another-machine', '']) {
      writeFileSync(lock(), holder);
      expect(problemThrownBy(() => rotate('deployer'))).toMatchObject({
        code: 'tokens-busy',
        remedy: expect.stringContaining(lock()),
      });
    }
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test("one that was killed is in nobody's way", () => {
    const { pid } = spawnSync('true');
    writeFileSync(lock(), `${pid} ${hostname()}`);
    expect(rotate('deployer').lines).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['tokens']);
  });

  test("one that failed is in nobody's way", () => {
    expect(problemThrownBy(() => rotate('deployer', '--replace', 'ffffffff'))?.code).toBe('token-unknown');
    expect(readdirSync(folder)).toEqual(['tokens']);
  });
});

test('a running agent keeps the tokens it has where the file is damaged, and says so once, without them', () => {
  const said: string[] = [];
  const log = {
    info: (line: string) => void said.push(line),
    warn: (line: string) => void said.push(`warning: ${line}`),
    group: <T>(_: string, work: () => Promise<T>) => work(),
  };
  const tokens = createTokenBook({ options: readOptions(['--tokens-file', file], {}), log });
  const known = (): readonly Role[] => tokens().map(({ role }) => role);
  expect(known()).toEqual(['deployer', 'reader']);
  expect(said).toEqual([]);
  writeFileSync(file, `deployer ${OLD}\nreader`);
  for (let time = 0; time < 3; time += 1) expect(known()).toEqual(['deployer', 'reader']);
  rmSync(file);
  expect(known()).toEqual(['deployer', 'reader']);
  writeFileSync(file, '');
  expect(known()).toEqual(['deployer', 'reader']);
  expect(said).toHaveLength(2);
  expect(said[0]).toContain('warning: Tokens stay as they were');
  writeFileSync(file, `labeler ${OLD}`);
  expect(known()).toEqual(['labeler']);
  expect(said.join()).not.toContain(OLD);
});

test.skipIf(!HAS_TOOLCHAIN)(
  'a real agent takes both, then the new one alone, without a restart or a word of either',
  async () => {
    const agent = await startAgent({ 'tokens-file': file });
    try {
      const pid = agent.pid();
      const statusWith = async (token: string) => {
        const answer = await fetch(`${agent.url}/v1/state`, {
          headers: { authorization: `Bearer ${token}` },
        });
        await answer.arrayBuffer();
        return answer.status;
      };
      expect(await statusWith(OLD)).toBe(200);
      const [token = ''] = rotate('deployer').lines;
      expect([await statusWith(OLD), await statusWith(token), await statusWith(READER)]).toEqual([
        200, 200, 200,
      ]);
      rotate('deployer', '--finish');
      expect([await statusWith(OLD), await statusWith(token), await statusWith(READER)]).toEqual([
        401, 200, 200,
      ]);
      expect(agent.pid()).toBe(pid);
      expect(agent.log()).toContain('Tokens were read anew');
      for (const secret of [OLD, READER, token]) expect(agent.log()).not.toContain(secret);
    } finally {
      await agent.down();
    }
  },
);
