import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { CONTRACTS } from '../actions/contract.ts';
import { NPM_BIN, ROOT, STATE_DIR } from './checkout.ts';

/** The one file all actions share, and the licences of what is in it. */
const BUNDLE = 'trainyard.mjs';
const LICENSES = 'licenses.txt';
const DIST = path.join('actions', 'dist');

main();

function main(): void {
  const [target = path.join(ROOT, DIST)] = process.argv.slice(2);
  buildActions(target);
  process.stdout.write(
    `trainyard: built ${readdirSync(target).length} files in ${path.relative(ROOT, target)}\n`,
  );
}

/** Builds the bundle and a stub per action into `target`, which is emptied first. The same sources give the same bytes. */
function buildActions(target: string): void {
  mkdirSync(STATE_DIR, { recursive: true });
  const work = mkdtempSync(path.join(STATE_DIR, 'build-'));
  try {
    emitJavaScript(path.join(work, 'js'));
    bundle(work);
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    cpSync(path.join(work, 'out', 'index.js'), path.join(target, BUNDLE));
    cpSync(path.join(work, 'out', LICENSES), path.join(target, LICENSES));
    for (const name of Object.keys(CONTRACTS)) writeFileSync(path.join(target, `${name}.mjs`), stubOf(name));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Strips the types: ncc's own TypeScript loader knows no `.ts` import specifiers. Types are checked elsewhere. */
function emitJavaScript(outDir: string): void {
  const program = ts.createProgram([path.join(ROOT, 'actions', 'index.ts')], {
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

function bundle(work: string): void {
  const js = path.join(work, 'js');
  writeFileSync(path.join(js, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(work, 'node_modules'));
  const { status, stderr, stdout } = spawnSync(
    path.join(NPM_BIN, 'ncc'),
    [
      'build',
      'actions/index.js',
      '--out',
      path.join(work, 'out'),
      '--license',
      LICENSES,
      '--no-cache',
      '--quiet',
      // Half the bytes to read at each start. Names of functions and classes stay, so a stack still says where.
      '--minify',
    ],
    { cwd: js, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`ncc failed:\n${stdout}\n${stderr}`);
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
    `const { runAction } = await import('./${BUNDLE}');`,
    `await runAction(${JSON.stringify(name)}, new URL('../..', import.meta.url));`,
    '',
  ].join('\n');
}
