import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { configReference } from '../../core/config/schema/reference.ts';
import { ledgerEventSchema } from '../../core/ledger/event.ts';
import { COMMANDS, DRY_RUN } from '../../core/plan/commands/command-table.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const page = read('docs/operations.md');
const words = [...page.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`(?<word>[^`\n]+)`/g)].map(
  (match) => match.groups?.['word'] ?? '',
);

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

function readAll(pattern: string): string {
  return globSync(pattern, { cwd: ROOT, exclude: (name) => path.basename(name) === 'dist' })
    .map(read)
    .join('\n');
}

/** The runbook is read when something is wrong: nothing in it may be made up. */
test('commands of a comment, and paths of the agent, are those there are', () => {
  const commands = new Set<string>([DRY_RUN, ...COMMANDS.map(({ name }) => name)]);
  const agent = read('agent/README.md');
  const unknown = words
    .map((word) => /^(?:GET |PUT )?\/(?<rest>[a-z]?[\w/]*)/.exec(word)?.groups?.['rest'])
    .filter((rest) => rest !== undefined)
    .filter((rest) => !commands.has(rest) && !agent.includes(` /${rest}\``));
  expect(unknown).toEqual([]);
});

test('options are those of the agent, of the command line or of a script', () => {
  const installer = read('deploy/package/install.sh');
  const known = [read('agent/README.md'), read('cli/README.md'), readAll('scripts/*.ts'), installer].join(
    '\n',
  );
  const options = [...page.matchAll(/(?<![\w-])--(?<name>[a-z][\w-]+)/g)].map(
    (match) => match.groups?.['name'] ?? '',
  );
  const isKnown = (name: string) => known.includes(`--${name}`) || known.includes(` ${name}: { type:`);
  expect(options.filter((name) => !isKnown(name))).toEqual([]);
});

test('keys of trainyard.yml are those of its schema', () => {
  const keys = configReference().map(({ key }) => key);
  const named = words.filter((word) =>
    /^(?:environments|monitor|commands|data|rollout)\.[\w.<>-]+$/.test(word),
  );
  const kinds = new Set<string>(ledgerEventSchema.options.map(({ shape }) => shape.kind.value));
  const unknown = named
    .filter((word) => !kinds.has(word))
    .filter((word) => !keys.some((key) => key === word || key.endsWith(`.${word}`)));
  expect(unknown).toEqual([]);
});

test('codes are those that the code gives, or inputs of the workflows', () => {
  const sources = readAll('{core,adapters,actions,agent,cli}/**/*.ts');
  const workflows = readAll('.github/workflows/*.yml');
  const scripts = readAll('deploy/package/{install.sh,maintainer/*}');
  const tables = page.split(/\n\n/).filter((block) => /^\| (?:Code|It says) \|/.test(block));
  const inTables = tables.flatMap((block) =>
    [...block.matchAll(/^\| `(?<code>[a-z-]+)`/gm)].map((match) => match.groups?.['code'] ?? ''),
  );
  const inText = words.filter((word) => /^[a-z]+(?:-[a-z]+)+$/.test(word));
  const codes = [...new Set([...inTables, ...inText])];
  const isKnown = (code: string) =>
    sources.includes(`'${code}'`) ||
    workflows.includes(`\n      ${code}:\n`) ||
    new RegExp(`\\b(?:fail|refuse) ${code} ['"]`).test(scripts) ||
    configReference().some(({ key }) => key.endsWith(code));
  expect(codes.length).toBeGreaterThan(20);
  expect(codes.filter((code) => !isKnown(code))).toEqual([]);
});

test('every warning of a host has its row, for the dashboards send readers here', () => {
  const [, section = ''] = /^## A host warns of itself\n([\s\S]*?)^## /m.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| `(?<code>[a-z-]+)` \|/gm)].map((match) => match.groups?.['code']);
  expect(rows.toSorted()).toEqual(Object.values(HOST_WARNINGS).toSorted());
});
