import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

/** What the live page is made of: its frame, its style and, as JavaScript, its script. */
type PageParts = { readonly frame: string; readonly style: string; readonly script: string };

/** Reads the files of `page/`. In the bundle, which has no files beside it, scripts/build.ts puts what they gave here instead. */
export function readPageParts(): PageParts {
  return {
    frame: readPart('index.html'),
    style: readPart('style.css'),
    script: stripTypeScriptTypes(readPart('view.ts')),
  };
}

function readPart(name: string): string {
  return readFileSync(fileURLToPath(new URL(`page/${name}`, import.meta.url)), 'utf8');
}
