import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = path.join(import.meta.dirname, '..');
const EXAMPLES = path.join(ROOT, 'examples');
const WORKFLOWS = path.join(ROOT, 'workflows-templates');
/** What Python leaves beside a script. */
const LEFT_BEHIND = new Set(['__pycache__', 'mlruns', 'store']);
const IGNORED = ['.trainyard/', '__pycache__/', 'mlruns/', 'store/', ''].join('\n');
/** A link of a README to something that stays in this repository. */
const LINK_OUT = /\]\((?<to>\.\.\/[^)]+)\)/g;

/**
 * Writes each example as a repository of its own into `out`: the project, the workflows that call `repository`, and the licence. Links to
 * the documents lead to that repository at `ref`. Gives the names of the folders.
 */
function composeTemplates(
  out: string,
  { repository, ref }: { readonly repository: string; readonly ref: string },
): readonly string[] {
  const examples = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return examples.map(({ name }) => {
    const folder = path.join(out, `trainyard-example-${name}`);
    const keeps = (source: string) => !LEFT_BEHIND.has(path.basename(source));
    cpSync(path.join(EXAMPLES, name), folder, { recursive: true, filter: keeps });
    const workflows = path.join(folder, '.github', 'workflows');
    mkdirSync(workflows, { recursive: true });
    for (const file of readdirSync(WORKFLOWS).filter((known) => known.endsWith('.yml'))) {
      cpSync(path.join(WORKFLOWS, file), path.join(workflows, file));
    }
    cpSync(path.join(ROOT, 'LICENSE'), path.join(folder, 'LICENSE'));
    writeFileSync(path.join(folder, '.gitignore'), IGNORED);
    const readme = path.join(folder, 'README.md');
    const text = readFileSync(readme, 'utf8');
    const there = `https://github.com/${repository}/blob/${ref}`;
    const toThere = (_link: string, to: string) => `](${there}/${path.posix.join('examples', name, to)})`;
    writeFileSync(readme, text.replaceAll(LINK_OUT, toThere));
    return folder;
  });
}

function main(): void {
  const { values } = parseArgs({
    options: {
      ref: { type: 'string' },
      repository: { type: 'string', default: 'trainyard/trainyard' },
      out: { type: 'string', default: '.' },
    },
  });
  if (values.ref === undefined) {
    console.error(
      'usage: node scripts/compose-templates.ts --ref <tag or commit> [--repository owner/name] [--out folder]',
    );
    process.exit(2);
  }
  const { out, repository, ref } = values;
  for (const folder of composeTemplates(out, { repository, ref })) console.error(folder);
}

main();
