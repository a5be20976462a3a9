import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Filling, fillWorkflow } from '../../core/init/fill-workflow.ts';
import type { InitialSetup } from '../../core/init/initial-setup.ts';
import { writeConfiguration } from '../../core/init/write-configuration.ts';

const IGNORED = '.trainyard/';
const EXAMPLE = [
  '# What trainyard.yml names, for a shell of yours and for the .env of a runner. Secrets of the repository stand elsewhere.',
  'MLFLOW_TRACKING_URI=',
  '',
].join('\n');

/** A file that init would write: as it is now, if it is there, and as it would be. */
export type Composed = { readonly file: string; readonly now: string | undefined; readonly text: string };

/** All files of a repository that init writes, none of which holds a secret. */
export function composeFiles(
  root: string,
  {
    answers,
    filling,
    config,
    templates,
  }: {
    readonly answers: InitialSetup;
    readonly filling: Filling;
    readonly config: string;
    /** The folder of the workflows that are filled in. */
    readonly templates: string;
  },
): readonly Composed[] {
  const workflow = (name: string) => fillWorkflow(readFileSync(path.join(templates, name), 'utf8'), filling);
  const ignored = read(root, '.gitignore') ?? '';
  const ignores = ignored.split('\n').includes(IGNORED);
  const files = {
    [config]: writeConfiguration(answers),
    '.github/workflows/trainyard.yml': workflow('trainyard.yml'),
    '.github/workflows/trainyard-monitor.yml': workflow('trainyard-monitor.yml'),
    '.env.example': EXAMPLE,
    '.gitignore': ignores
      ? ignored
      : `${ignored}${ignored === '' || ignored.endsWith('\n') ? '' : '\n'}${IGNORED}\n`,
  };
  return Object.entries(files).map(([file, text]) => ({ file, text, now: read(root, file) }));
}

function read(root: string, file: string): string | undefined {
  const place = path.join(root, file);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}
