import path from 'node:path';

/** The Python that an action is given: a path, which a relative one is from the workspace, or a name on PATH. */
export function findPython(workspace: string, python: string): string {
  return python.includes('/') ? path.resolve(workspace, python) : python;
}
