import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hashText } from '../../adapters/data-digest.ts';
import { PYTHON, STATE_DIR } from '../../sandbox/checkout.ts';
import { KINDS_FOLDER } from './read-kinds.ts';

const FOLDER = path.join(STATE_DIR, 'models');
const REQUIREMENTS = path.join(KINDS_FOLDER, 'requirements.txt');

/**
 * The Python that has the libraries of all kinds: an environment of its own which sees that of the tests beneath it, so that PyTorch is
 * there once. It is made anew whenever the requirements of either have changed.
 */
export function makeEnvironment(say: (line: string) => void): string {
  const python = path.join(FOLDER, 'bin', 'python');
  const stamp = path.join(FOLDER, 'made-of');
  const wanted = hashText(readFileSync(REQUIREMENTS, 'utf8'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  say(
    'making the environment .trainyard/models (LightGBM, CatBoost, ONNX, Keras, transformers, Prophet): a minute',
  );
  rmSync(FOLDER, { recursive: true, force: true });
  execFileSync(PYTHON, ['-m', 'venv', FOLDER]);
  const packages = (of: string) =>
    execFileSync(of, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], { encoding: 'utf8' });
  writeFileSync(path.join(packages(python).trim(), 'beside.pth'), packages(PYTHON));
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--requirement',
    REQUIREMENTS,
  ];
  execFileSync(python, pip, { stdio: 'inherit' });
  writeFileSync(stamp, wanted);
  return python;
}
