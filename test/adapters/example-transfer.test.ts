import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readMlproject } from '../../adapters/mlflow/read-mlproject.ts';
import { checkProject } from '../../core/config/mlproject/check-project.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { parseCommand } from '../../core/plan/commands/parse-command.ts';
import { readParameters } from '../../core/plan/read-parameters.ts';
import { ROOT } from '../../sandbox/checkout.ts';

const EXAMPLE = path.join(ROOT, 'examples', 'mnist');
const read = (name: string) => readFileSync(path.join(EXAMPLE, name), 'utf8');

/** trainyard.yml with those lines below `project` that the README shows for a training that goes on from a version. */
function configured() {
  const shown = /```yaml\nproject:\n(?<lines>[\s\S]*?)```/.exec(read('README.md'))?.groups?.['lines'] ?? '';
  const lines = shown.split('\n').filter((line) => line !== '');
  const names = lines.map((line) => line.trim().split(':')[0]);
  expect(names).toEqual(['steps', 'parameters']);
  const text = names.reduce<string>(
    (before, name, index) =>
      before.replace(new RegExp(`^ {2}${name}: \\{.*$`, 'm'), () => lines[index] ?? ''),
    read('trainyard.yml'),
  );
  const env = { MLFLOW_TRACKING_URI: 'http://t', MNIST_DATA: '/d', SERVING_HOST: 'https://s:9443' };
  const config = parseConfig(text, { file: 'trainyard.yml', env });
  if (!config.ok) throw new Error(config.error[0]?.message);
  return config.value;
}

test('the README’s lines make `transfer` the training, with parameters that its entry point takes', async () => {
  const { project } = configured();
  expect(project.steps.train).toBe('transfer');
  const mlproject = await readMlproject(EXAMPLE, project.uri);
  if (!mlproject.ok || mlproject.value === undefined) throw new Error('the example has no MLproject');
  expect(checkProject(project, mlproject.value)).toEqual([]);
});

test('another version is named in a comment', () => {
  const command = parseCommand('/train from=models:/mnist/1 freeze=false');
  if (command.kind !== 'command') throw new Error(command.kind);
  expect(readParameters(configured(), 'train', command.parameters)).toEqual({
    ok: true,
    value: { from: 'models:/mnist/1', freeze: 'false' },
  });
});
