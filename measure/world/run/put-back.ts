import { registerHooks } from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from '../../../sandbox/checkout.ts';
import { MUTATIONS } from './mutations.ts';

/**
 * Puts a fault back into this process: files of the house are read as they were. Loaded before everything else, by `--import`; a text that
 * is not found, or found twice, ends the process: then the mutation is no longer one.
 */
const name = process.env['TRAINYARD_WORLD_MUTATION'];
const mutation = MUTATIONS.find((known) => known.name === name);
if (mutation === undefined) throw new Error(`There is no mutation ${name}.`);

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    const file = url.startsWith('file:') ? relative(ROOT, fileURLToPath(url)) : '';
    const changes = mutation.changes.filter((change) => change.file === file);
    if (changes.length === 0) return loaded;
    let source = String(loaded.source);
    for (const { from, to } of changes) source = replaceOnce(source, { file, from, to });
    return { ...loaded, source };
  },
});

/** The text with one part of it replaced. */
function replaceOnce(
  source: string,
  { file, from, to }: { readonly file: string; readonly from: string; readonly to: string },
): string {
  const parts = source.split(from);
  if (parts.length !== 2) {
    throw new Error(
      `${mutation?.name}: the text to change is ${parts.length - 1} times in ${file}:\n${from}`,
    );
  }
  return parts.join(to);
}
