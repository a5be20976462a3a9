import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { COMMANDS } from '../../cli/commands.ts';
import { readCommand } from '../../cli/read-command.ts';
import { readCalledWorkflow } from '../../core/check/called-workflow.ts';
import { checkCaller } from '../../core/check/check-caller.ts';
import { findCallers } from '../../core/check/workflow.ts';
import { parseMlproject } from '../../core/config/mlproject/parse-mlproject.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { COMMAND_LINE } from '../../core/names.ts';
import { COMMANDS as SAID } from '../../core/plan/commands/command-table.ts';
import { parseCommand } from '../../core/plan/commands/parse-command.ts';
import { HAS_TOOLCHAIN, PYTHON, ROOT } from '../../sandbox/checkout.ts';

/** Pages for users, each with the blocks that one copies. */
const PAGES = [
  ...globSync('docs/how-to/*.md', { cwd: ROOT }),
  'docs/first-hour.md',
  'docs/glossary.md',
  'README.md',
];
const FENCE = /^ *```(?<language>\w+)\n(?<text>[\s\S]*?)^ *```$/gm;
/** What a part of a configuration stands in. */
const BASE = {
  version: 1,
  model: 'flats',
  data: { holdout: { path: 'data/holdout.csv', target: 'price' } },
  gate: [{ metric: 'mae', ceiling: 300, require: 'non-inferior', margin: '1%' }],
};
const objectSchema = z.record(z.string(), z.unknown());

type Block = {
  readonly page: string;
  readonly language: string;
  readonly text: string;
  readonly head: string;
};

const blocks: readonly Block[] = PAGES.flatMap((page) =>
  [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(FENCE)].map(({ groups }) => {
    const text = groups?.['text'] ?? '';
    return { page, language: groups?.['language'] ?? '', text, head: text.split('\n')[0] ?? '' };
  }),
);
const yamlBlocks = blocks.filter(({ language }) => language === 'yaml');
const configs = yamlBlocks.filter(({ head }) => /^# (?!\.github\/)[\w/-]+\.yml$/.test(head));
const workflows = yamlBlocks.filter(({ head }) => head.startsWith('# .github/workflows/'));
const projects = yamlBlocks.filter(({ head }) => head === '# MLproject');

/** A block that holds a part alone, in a configuration that has the rest. */
function completed(text: string): string {
  const part = objectSchema.parse(parse(text));
  return 'version' in part ? text : stringify({ ...BASE, ...part });
}

function configOf({ page, text }: Block) {
  return parseConfig(completed(text), { file: page, env: {}, needs: [] });
}

test('each block of YAML says in its first line which file it is of', () => {
  const known = [...configs, ...workflows, ...projects];
  expect(
    yamlBlocks.filter((block) => !known.includes(block)).map(({ page, head }) => `${page}: ${head}`),
  ).toEqual([]);
  expect(configs.length).toBeGreaterThan(8);
  expect(workflows.length).toBeGreaterThan(3);
});

test('configurations are without a problem', () => {
  const problems = configs.flatMap((block) => {
    const read = configOf(block);
    return read.ok ? [] : read.error.map(({ message }) => `${block.page}: ${message}`);
  });
  expect(problems).toEqual([]);
});

test('MLproject files are read, and have the steps that their page’s configuration names', () => {
  for (const { page, text } of projects) {
    const read = parseMlproject(text, page);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    const beside = configs.filter((block) => block.page === page).map(configOf);
    for (const config of beside) {
      const steps = config.ok ? config.value.project.steps : { train: '' };
      expect(Object.keys(read.value.entryPoints)).toEqual(expect.arrayContaining(Object.values(steps)));
    }
  }
});

test('workflows give ours what these take; one that is whole has nothing wrong', () => {
  const called = (name: string) =>
    readCalledWorkflow(readFileSync(path.join(ROOT, '.github', 'workflows', `${name}.yml`), 'utf8'));
  for (const { page, text } of workflows) {
    const isWhole = text.includes('\npermissions:');
    const callers = findCallers(page, isWhole ? text : `on: push\n${text}`);
    if (text.includes('uses: trainyard/')) expect(callers.length, page).toBe(1);
    for (const caller of callers) {
      const { inputs } = called(caller.calls);
      expect(
        Object.keys(caller.given.with).filter((name) => !inputs.includes(name)),
        page,
      ).toEqual([]);
      const config = parseConfig(stringify(BASE), { file: page, env: {}, needs: [] });
      if (!isWhole || !config.ok) continue;
      const context = { called: called(caller.calls), config: config.value, branch: 'main', needsLfs: false };
      expect(
        checkCaller(caller, context).filter(({ kind }) => kind === 'flawed'),
        page,
      ).toEqual([]);
    }
  }
});

/** Words of a line as a shell takes them, where nothing but quotes is special. */
function wordsOf(line: string): readonly string[] {
  return [...line.matchAll(/"(?<double>[^"]*)"|'(?<single>[^']*)'|(?<plain>\S+)/g)].map(
    ({ groups }) => groups?.['double'] ?? groups?.['single'] ?? groups?.['plain'] ?? '',
  );
}

test('commands of the command line are understood as they stand', () => {
  const lines = blocks
    .filter(({ language }) => ['sh', 'console'].includes(language))
    .flatMap(({ page, text }) => text.split('\n').map((line) => ({ page, line })))
    .filter(({ line }) => line.includes(COMMAND_LINE));
  expect(lines.length).toBeGreaterThan(15);
  const misunderstood = lines.filter(({ line }) => {
    const said = line
      .slice(line.indexOf(COMMAND_LINE) + COMMAND_LINE.length)
      .replace(/ (?:[|>&#]|2>).*| &$|\)$/, '');
    try {
      return readCommand(wordsOf(said.replace(/ \| .*$/, '')), COMMANDS).kind !== 'run';
    } catch {
      return true;
    }
  });
  expect(misunderstood).toEqual([]);
});

test('commands of comments are those that are obeyed', () => {
  const names = new Set<string>(['plan', ...SAID.map(({ name }) => name)]);
  const said = PAGES.flatMap((page) =>
    [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(/`(?<said>\/[a-z]+(?: [^`]*)?)`/g)].map(
      ({ groups }) => ({
        page,
        said: groups?.['said'] ?? '',
      }),
    ),
  ).filter(({ said: one }) => !/^\/(?:invocations|predictions|v1|etc|metrics|proc)/.test(one));
  const unknown = said.filter(
    ({ said: one }) => !names.has(/^\/(?<name>[a-z]+)/.exec(one)?.groups?.['name'] ?? ''),
  );
  expect(unknown).toEqual([]);
  expect(said.filter(({ said: one }) => parseCommand(one).kind === 'ignore')).toEqual([]);
  expect(said.length).toBeGreaterThan(10);
});

test.each([
  ['docs/index.md', 'docs/*.md'],
  ['docs/how-to/index.md', 'docs/how-to/*.md'],
])('%s leads to each of %s', (index, pages) => {
  const text = readFileSync(path.join(ROOT, index), 'utf8');
  const names = globSync(pages, { cwd: ROOT }).map((page) => path.basename(page));
  expect(names.filter((name) => name !== 'index.md' && !text.includes(`](${name})`))).toEqual([]);
});

test.runIf(HAS_TOOLCHAIN)('Python is Python', () => {
  const texts = blocks.filter(({ language }) => language === 'python').map(({ text }) => text);
  expect(texts.length).toBeGreaterThan(2);
  const program = 'import ast, json, sys; [ast.parse(text) for text in json.load(sys.stdin)]';
  execFileSync(PYTHON, ['-c', program], { input: JSON.stringify(texts) });
});
