import path from 'node:path';

/**
 * Where programs that a job starts find others: with a Python named by its path, its `python`, and what is installed beside it, come first.
 */
export function programPath(python: string, env: Readonly<Record<string, string | undefined>>): string {
  const bin = path.isAbsolute(python) ? [path.dirname(python)] : [];
  return [...bin, env['PATH'] ?? ''].join(path.delimiter);
}
