import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The root folder of this checkout. */
export const ROOT = join(import.meta.dirname, '..');
/** Everything made at run time lives here; git ignores it. */
export const STATE_DIR = join(ROOT, '.trainyard');
/** Programs of the virtual environment that `scripts/bootstrap.mjs` makes. */
export const VENV_BIN = join(STATE_DIR, 'venv', 'bin');
/** Programs of the npm packages, Node 24 among them. */
export const NPM_BIN = join(ROOT, 'node_modules', '.bin');

/** The path of a program in the virtual environment, e.g. `python`. */
export function venvProgram(name: string): string {
  return join(VENV_BIN, name);
}

/** The Python of the virtual environment. */
export const PYTHON = venvProgram('python');
/** Whether that environment is there; `npm test` makes it. */
export const HAS_TOOLCHAIN = existsSync(PYTHON);
