import { expect, test } from 'vitest';
import { checkProject } from '../../../core/config/mlproject/check-project.ts';
import { parseMlproject } from '../../../core/config/mlproject/parse-mlproject.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';

const OUTSIDE = ['command-outside-container'];

test.each([
  ['docker', 'python train.py --lr {lr}', []],
  ['docker', "bash -c 'python etl.py && python train.py'", []],
  ['docker', 'python train.py --note "a & b"', []],
  ['docker', 'python train.py\n', []],
  ['docker', 'python etl.py && python train.py', OUTSIDE],
  ['docker', 'python train.py | tee log', OUTSIDE],
  ['docker', 'python train.py > log', OUTSIDE],
  ['docker', 'python etl.py\npython train.py', OUTSIDE],
  ['docker', 'python train.py --user "$(id -un)"', OUTSIDE],
  // Each quote within the others is a sign like any.
  ['docker', `python train.py "'" ; touch /tmp/out "'"`, OUTSIDE],
  ['docker', `python train.py --note "it's" --other 'a "b" $HOME'`, []],
  ['docker', `python train.py \\" ; id "`, OUTSIDE],
  ['docker', 'python train.py --note "never ends', OUTSIDE],
  ['docker', 'python train.py --user $USER', OUTSIDE],
  ['docker', 'python train.py --user "$USER"', OUTSIDE],
  ['docker', "python train.py --user '$USER' \\$USER", []],
  ['docker', 'python train.py --user "`id`"', OUTSIDE],
  ['docker', 'python train.py --data ~/data', OUTSIDE],
  ['docker', 'python train.py --data *.csv', OUTSIDE],
  ['docker', 'python train.py --data [ab].csv', OUTSIDE],
  ['docker', 'python train.py < data.csv', OUTSIDE],
  ['docker', 'python train.py #', OUTSIDE],
  ['docker', 'python train.py {{a,b}}', OUTSIDE],
  ['docker', 'python train.py --note {note}', []],
  // MLflow quotes the value, and its quotes would end these.
  ['docker', "bash -c 'python train.py --note {note}'", OUTSIDE],
  ['docker', 'python train.py --note "{note}"', OUTSIDE],
  ['docker', "bash -c 'python train.py --lr {lr}'", []],
  ['local', 'python etl.py && python train.py', []],
])('in %s, the command %j', (environment, command, codes) => {
  const text = `version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { environment: ${environment} }\ngate: [{ metric: accuracy, floor: 0.1 }]\n`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error[0]?.message);
  const parameters = '{ lr: { type: float, default: 1 }, note: { default: x } }';
  const entry = `{ parameters: ${parameters}, command: ${JSON.stringify(command)} }`;
  const project = parseMlproject(`entry_points: { main: ${entry} }`, 'MLproject');
  if (!project.ok) throw new Error(project.error[0]?.message);
  expect(checkProject(config.value.project, project.value).map(({ code }) => code)).toEqual(codes);
});
