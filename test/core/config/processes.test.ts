import { expect, test } from 'vitest';
import { checkProject } from '../../../core/config/mlproject/check-project.ts';
import { parseMlproject } from '../../../core/config/mlproject/parse-mlproject.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';

/** What is wrong with asking for processes of an entry point that runs this command. */
function problemsOf(processes: string, command: string): readonly string[] {
  const text = `version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { processes: ${processes} }\ngate: [{ metric: accuracy, floor: 0.1 }]\n`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) return config.error.map(({ code }) => code);
  const project = parseMlproject(`entry_points: { main: { command: "${command}" } }`, 'MLproject');
  if (!project.ok) throw new Error(project.error[0]?.message);
  return checkProject(config.value.project, project.value).map(({ code }) => code);
}

test.each([
  ['auto', 'torchrun train.py --lr {lr}', []],
  ['4', 'python -m torch.distributed.run train.py', []],
  ['auto', 'python train.py', ['processes-without-torchrun']],
  ['2', 'python torchrun.py', ['processes-without-torchrun']],
  ['0', 'torchrun train.py', ['out-of-range']],
  ['many', 'torchrun train.py', ['wrong-type']],
])('processes: %s of `%s`', (processes, command, codes) => {
  expect(problemsOf(processes, command)).toEqual(codes);
});
