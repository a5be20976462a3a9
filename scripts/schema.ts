import { readFile, writeFile } from 'node:fs/promises';
import { publishedSchema } from '../core/config/schema/schema-node.ts';

const FILE = new URL('../docs/trainyard.schema.json', import.meta.url);

/** Writes the JSON Schema of trainyard.yml for editors; with `--check` only says whether the file is what it should be. */
async function main(argv: readonly string[]): Promise<number> {
  const wanted = `${JSON.stringify(publishedSchema(), undefined, 2)}\n`;
  if (!argv.includes('--check')) {
    await writeFile(FILE, wanted);
    return 0;
  }
  const present = await readFile(FILE, 'utf8').catch(() => '');
  if (present === wanted) return 0;
  console.error(
    'docs/trainyard.schema.json is not what core/config/schema.ts says. Run: node scripts/schema.ts',
  );
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
