import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { pinWorkflow } from '../sandbox/runner/pinned-workflow.ts';

const REUSABLE = ['pipeline.yml', 'monitor.yml'];
const ROOT = path.join(import.meta.dirname, '..');

/** Writes the reusable workflows with every self-reference pinned, into `--out`. */
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
      'usage: node scripts/generate-pinned-workflows.ts --ref <tag or commit> [--repository owner/name] [--out folder]',
    );
    process.exit(2);
  }
  const out = path.join(values.out, '.github', 'workflows');
  mkdirSync(out, { recursive: true });
  for (const file of REUSABLE) {
    const text = readFileSync(path.join(ROOT, '.github', 'workflows', file), 'utf8');
    writeFileSync(path.join(out, file), pinWorkflow(text, values.repository, values.ref));
    console.error(`${path.join(out, file)}`);
  }
}

main();
