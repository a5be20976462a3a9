import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');
const MOST_FILE_LINES = 300;
const MOST_FUNCTION_LINES = 60;
const MOST_MAIN_LINES = 40;

type Source = { readonly file: string; readonly text: string; readonly tree: ts.SourceFile };

const sources = ['core', 'adapters', 'actions', 'agent'].flatMap(readSources);

function readSources(folder: string): readonly Source[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => path.posix.join(folder, name.split(path.sep).join('/')))
    .filter((file) => file.endsWith('.ts') && !file.startsWith('actions/dist/'))
    .map((file) => {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      return { file, text, tree: ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true) };
    });
}

/** What a file imports: paths from the root of the repository, or names of packages. */
function importsOf({ file, tree }: Source): readonly string[] {
  return tree.statements.flatMap((statement) => {
    const specifier =
      ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)
        ? statement.moduleSpecifier
        : undefined;
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return [];
    const { text } = specifier;
    return [text.startsWith('.') ? path.posix.join(path.posix.dirname(file), text) : text];
  });
}

function partOf(file: string): string {
  return file.split('/')[0] ?? '';
}

/** Folders of core/ that the rule about their order names, from the lowest up. */
const LAYERS: Readonly<Record<string, readonly string[]>> = {
  statistics: [],
  gate: ['statistics'],
  rollout: ['statistics'],
  drift: ['statistics'],
};

function mayImport(file: string, target: string): boolean {
  if (partOf(file) === 'core') return mayCoreImport(file, target);
  if (!isOwn(target)) return target !== '@actions/core' || file === 'actions/job/harness.ts';
  const part = partOf(target);
  if (partOf(file) === 'adapters') return part === 'core' || part === 'adapters';
  if (partOf(file) === 'agent') return part === 'core' || part === 'adapters' || part === 'agent';
  return part === 'core' || part === 'adapters' || (part === 'actions' && !isForeignAction(file, target));
}

function mayCoreImport(file: string, target: string): boolean {
  // The version stands in package.json alone.
  if (target === 'package.json') return file === 'core/version.ts';
  if (!isOwn(target)) return target === 'zod' || (target === 'yaml' && file.startsWith('core/config/'));
  if (partOf(target) !== 'core') return false;
  const [, folder = '', ...rest] = file.split('/');
  const below = rest.length === 0 ? undefined : LAYERS[folder];
  const [, layer = '', ...inside] = target.split('/');
  if (below === undefined || inside.length === 0 || !(layer in LAYERS || layer === 'monitor')) return true;
  return layer === folder || below.includes(layer);
}

function isOwn(target: string): boolean {
  return (
    ['core', 'adapters', 'actions', 'agent', 'sandbox', 'measure', 'scripts', 'test'].includes(
      partOf(target),
    ) && target.includes('/')
  );
}

/** What all actions share; what lies in another folder belongs to that action alone. Only the bundle's entry names them all. */
const SHARED_ROOMS: readonly string[] = ['job', 'serving'];

function isForeignAction(file: string, target: string): boolean {
  const [, folder, inside] = target.split('/');
  if (inside === undefined || file === 'actions/index.ts') return false;
  return folder !== file.split('/')[1] && !SHARED_ROOMS.includes(folder ?? '');
}

test('every import follows the layers: core imports core, adapters core, actions and agent both, and none each other', () => {
  const forbidden = sources.flatMap((source) =>
    importsOf(source)
      .filter((target) => !mayImport(source.file, target))
      .map((target) => `${source.file} imports ${target}`),
  );
  expect(forbidden).toEqual([]);
});

test('the rule itself tells right from wrong', () => {
  expect(mayImport('core/gate/x.ts', 'core/statistics/y.ts')).toBe(true);
  expect(mayImport('core/statistics/x.ts', 'core/gate/y.ts')).toBe(false);
  expect(mayImport('core/rollout/x.ts', 'core/monitor/y.ts')).toBe(false);
  expect(mayImport('core/plan/x.ts', 'node:fs')).toBe(false);
  expect(mayImport('adapters/x.ts', 'actions/job/harness.ts')).toBe(false);
  expect(mayImport('actions/deploy/x.ts', 'actions/train/y.ts')).toBe(false);
  expect(mayImport('actions/deploy/x.ts', 'actions/job/harness.ts')).toBe(true);
  expect(mayImport('actions/deploy/x.ts', '@actions/core')).toBe(false);
  expect(mayImport('actions/deploy/x.ts', 'agent/y.ts')).toBe(false);
  expect(mayImport('agent/x.ts', 'actions/y.ts')).toBe(false);
});

describe('sizes', () => {
  test(`no file has more than ${MOST_FILE_LINES} lines`, () => {
    const long = sources
      .filter(({ text }) => text.split('\n').length - 1 > MOST_FILE_LINES)
      .map(({ file }) => file);
    expect(long).toEqual([]);
  });

  test(`no function has more than ${MOST_FUNCTION_LINES} lines, and no main more than ${MOST_MAIN_LINES}`, () => {
    expect(sources.flatMap(findLongFunctions)).toEqual([]);
  });
});

function findLongFunctions({ file, tree }: Source): readonly string[] {
  const long: string[] = [];
  const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1;
      const name = node.name?.getText() ?? 'a function';
      const most = name === 'main' ? MOST_MAIN_LINES : MOST_FUNCTION_LINES;
      if (lines > most) long.push(`${file}: ${name} has ${lines} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return long;
}
