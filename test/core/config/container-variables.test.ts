import { expect, test } from 'vitest';
import { checkVariables } from '../../../core/config/mlproject/check-variables.ts';
import { parseMlproject } from '../../../core/config/mlproject/parse-mlproject.ts';
import { parseConfig } from '../../../core/config/parse-config.ts';

const ENV = { PLAIN: 'us-east-1', PASSWORD: 'pa$$w`id`rd&x', SPACED: 'a b' };

/** What is said of a project whose containers get these variables. */
function saidOf(variables: string, { environment = 'docker', trackingUri = 'http://t:5000/mlflow' } = {}) {
  const text = `version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { environment: ${environment} }\ngate: [{ metric: accuracy, floor: 0.1 }]\n`;
  const config = parseConfig(text, { file: 'trainyard.yml', env: {} });
  if (!config.ok) throw new Error(config.error[0]?.message);
  const project = parseMlproject(`docker_env: { image: a, environment: ${variables} }`, 'MLproject');
  if (!project.ok) throw new Error(project.error[0]?.message);
  return checkVariables(config.value.project, project.value, { env: ENV, trackingUri });
}

test.each([
  ['[PLAIN, UNSET, [NAME, v1.2], [N, 3]]', []],
  ['[PASSWORD, PLAIN, SPACED]', ['`PASSWORD`', '`SPACED`']],
  ['[[NAME, "$(id)"]]', ['`NAME`']],
  ['["A;id"]', ['`A;id`']],
  ['{ odd: 1 }', []],
  ['null', []],
])('of the variables %s it names %j, and no value', (variables, names) => {
  const said = saidOf(variables);
  expect(said.map(({ message }) => /`[^`]*`/.exec(message)?.[0])).toEqual(names);
  expect(JSON.stringify(said)).not.toMatch(/pa\$|a b|\(id/);
});

test('an address of MLflow that a shell would read is refused too', () => {
  const [problem] = saidOf('[]', { trackingUri: 'http://ada:p$w@t' });
  expect(problem?.message).toMatch(/^tracking.uri has signs/);
  expect(problem?.message).not.toContain('p$w');
});

test('outside of containers nothing is asked of them', () => {
  expect(saidOf('[PASSWORD]', { environment: 'local' })).toEqual([]);
});

test.each([
  ['image: registry.test:5000/team/torch:2.13, volumes: ["/srv/data:/data:ro"]', []],
  ['image: "a$(touch /tmp/out)"', ['"a$(touch /tmp/out)"']],
  ['image: a, volumes: ["/data:/data", "/b;id:/b", "~/c:/c"]', ['"/b;id:/b"', '"~/c:/c"']],
])('of what starts the container, %s, it names %j', (written, words) => {
  const project = parseMlproject(`docker_env: { ${written} }`, 'MLproject');
  if (!project.ok) throw new Error(project.error[0]?.message);
  const config = parseConfig(
    'version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { environment: docker }\ngate: [{ metric: accuracy, floor: 0.1 }]\n',
    { file: 'trainyard.yml', env: {} },
  );
  if (!config.ok) throw new Error(config.error[0]?.message);
  const said = checkVariables(config.value.project, project.value, { env: {}, trackingUri: 'http://t' });
  expect(said.map(({ message }) => /names (".*") below/.exec(message)?.[1])).toEqual(words);
});
