import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { CONTRACTS } from '../actions/job/contract.ts';
import { readPageParts } from '../agent/api/page-parts.ts';
import { VERSION } from '../core/version.ts';
import { NPM_BIN, ROOT, STATE_DIR } from '../sandbox/checkout.ts';

/** The licences of what is in a bundle, beside it. */
const LICENSES = 'licenses.txt';
/** The one file all actions share. */
const ACTIONS_BUNDLE = 'trainyard.mjs';

await main();

/** Builds what is committed, below the root of this checkout or, to compare, below another folder. */
async function main(): Promise<void> {
  const [root = ROOT] = process.argv.slice(2);
  mkdirSync(STATE_DIR, { recursive: true });
  const work = mkdtempSync(path.join(STATE_DIR, 'build-'));
  try {
    emitJavaScript(path.join(work, 'js'), ['actions/index.ts', 'agent/main.ts', 'cli/index.ts']);
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(work, 'node_modules'));
    for (const name of ['@actions/core', '@actions/github']) declarePure(work, name);
    buildActions(work, path.join(root, 'actions', 'dist'));
    await buildAgent(work, path.join(root, 'agent', 'dist'));
    buildCli(work, path.join(root, 'cli', 'dist'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The bundle of the actions, and a stub per action. The same sources give the same bytes. */
function buildActions(work: string, target: string): void {
  bundle(work, 'actions/index.js', target, ACTIONS_BUNDLE);
  for (const name of Object.keys(CONTRACTS)) writeFileSync(path.join(target, `${name}.mjs`), stubOf(name));
  process.stdout.write(`trainyard: built ${readdirSync(target).length} files of the actions\n`);
}

/** The agent in one file: no types to strip at its start, and no files of ours to find. */
async function buildAgent(work: string, target: string): Promise<void> {
  const parts = await readPageParts();
  const made = `export const readPageParts = async () => (${JSON.stringify(parts)});\n`;
  writeFileSync(path.join(work, 'js', 'agent', 'api', 'page-parts.js'), made);
  bundle(work, 'agent/main.js', target, 'agent.mjs');
  for (const name of parts.packages) appendFileSync(path.join(target, LICENSES), licenseOf(name));
  process.stdout.write('trainyard: built the agent\n');
}

/** The licence of a package that is in the agent's page, as the bundler writes those of the others. */
function licenseOf(name: string): string {
  const folder = path.join(ROOT, 'node_modules', name);
  const { license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return `\n${name}\n${license}\n${readFileSync(path.join(folder, 'LICENSE'), 'utf8')}`;
}

/** The command line in one file, and what `npx` starts: it says where this package lies. */
function buildCli(work: string, target: string): void {
  bundle(work, 'cli/index.js', target, 'cli.mjs');
  const stub = [
    '#!/usr/bin/env node',
    `import { runCli } from './cli.mjs';`,
    '',
    `process.exitCode = await runCli(process.argv.slice(2), new URL('../..', import.meta.url));`,
    '',
  ];
  writeFileSync(path.join(target, 'trainyard.mjs'), stub.join('\n'), { mode: 0o755 });
  process.stdout.write('trainyard: built the command line\n');
}

/** Strips the types: ncc's own TypeScript loader knows no `.ts` import specifiers. Types are checked elsewhere. */
function emitJavaScript(outDir: string, entries: readonly string[]): void {
  const files = entries.map((entry) => path.join(ROOT, entry));
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2024.d.ts'],
    types: [],
    rootDir: ROOT,
    outDir,
    noCheck: true,
    allowImportingTsExtensions: true,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  });
  const { emitSkipped, diagnostics } = program.emit();
  if (!emitSkipped && diagnostics.length === 0) return;
  const [first] = diagnostics;
  throw new Error(`TypeScript wrote nothing: ${ts.flattenDiagnosticMessageText(first?.messageText, '\n')}`);
}

/**
 * Lets the bundler leave out what we don't use of a package that does not say it may: the token client of @actions/core alone, which
 * we never ask, is a quarter of an action's start.
 */
function declarePure(work: string, name: string): void {
  const copy = path.join(work, 'js', 'node_modules', name);
  cpSync(path.join(ROOT, 'node_modules', name), copy, { recursive: true });
  const file = path.join(copy, 'package.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), sideEffects: false }));
}

/** Puts an entry and all it imports into one file of `target`, which is emptied first, with the licences beside it. */
function bundle(work: string, entry: string, target: string, name: string): void {
  const js = path.join(work, 'js');
  const out = path.join(work, 'out', name);
  // With no name in it the bundler looks further up for whose these modules are, and finds our licence.
  writeFileSync(path.join(js, 'package.json'), JSON.stringify({ type: 'module', version: VERSION }));
  const { status, stderr, stdout } = spawnSync(
    path.join(NPM_BIN, 'ncc'),
    // Half the bytes to read at each start. Names of functions and classes stay, so a stack still says where.
    ['build', entry, '--out', out, '--license', LICENSES, '--no-cache', '--quiet', '--minify'],
    { cwd: js, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`ncc failed:\n${stdout}\n${stderr}`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  writeFileSync(path.join(target, name), toAscii(readFileSync(path.join(out, 'index.js'), 'utf8')));
  cpSync(path.join(out, LICENSES), path.join(target, LICENSES));
}

/** The same program in ASCII: it is read at each start in half the memory, and need not be decoded. */
function toAscii(program: string): string {
  // Only strings, templates and patterns hold other characters, and all of them take an escape in their place.
  return program.replaceAll(
    /[^\0-\x7f]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * A runner starts the stub; it says which action is meant, and where this checkout is, which a bundle can't know. What V8
 * compiled is kept for the next start on this machine.
 */
function stubOf(name: string): string {
  return [
    `import { enableCompileCache } from 'node:module';`,
    '',
    'enableCompileCache();',
    `const { runAction } = await import('./${ACTIONS_BUNDLE}');`,
    `await runAction(${JSON.stringify(name)}, new URL('../..', import.meta.url));`,
    '',
  ].join('\n');
}
