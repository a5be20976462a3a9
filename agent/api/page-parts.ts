import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What the live page is made of: its frame, its style and, as JavaScript, its script; and the packages that it holds. */
type PageParts = {
  readonly frame: string;
  readonly style: string;
  readonly script: string;
  readonly packages: readonly string[];
};

/**
 * Reads the files of `page/`, and bundles its script and what that imports. In the agent's own bundle, which has neither files beside it
 * nor a bundler, scripts/build.ts puts what this gave in its place.
 */
export async function readPageParts(): Promise<PageParts> {
  const charts = readFileSync(fileURLToPath(import.meta.resolve('uplot/dist/uPlot.min.css')), 'utf8');
  return {
    frame: readFileSync(placeOf('index.html'), 'utf8'),
    style: `${charts.trim()}\n${readFileSync(placeOf('style.css'), 'utf8')}`,
    ...(await bundleScript()),
  };
}

async function bundleScript(): Promise<Pick<PageParts, 'script' | 'packages'>> {
  // Who only reads the agent's sources, as most tests do, needs no bundler.
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: placeOf('view.ts'),
    platform: 'browser',
    // Of core the page takes functions and types, and no schema: nothing there does anything when it is loaded.
    treeshake: { moduleSideEffects: false },
  });
  try {
    const { output } = await bundle.generate({ format: 'iife', minify: true, comments: { legal: false } });
    const [{ code, moduleIds }] = output;
    return { script: code, packages: [...new Set(moduleIds.flatMap(packageOf))].toSorted() };
  } finally {
    await bundle.close();
  }
}

function packageOf(file: string): readonly string[] {
  return /node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)/.exec(file)?.groups?.['name']?.split(' ') ?? [];
}

function placeOf(name: string): string {
  return fileURLToPath(new URL(`page/${name}`, import.meta.url));
}
