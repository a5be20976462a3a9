import { expect, test } from 'vitest';
import { readGivenVariables } from '../../actions/job/given-variables.ts';
import { readHost } from '../../actions/job/host.ts';

const RUN = {
  ...{ eventName: 'push', payload: {}, sha: 'a', actor: 'ada', runId: 1, runAttempt: 1 },
  ...{ serverUrl: 'https://github.test', apiUrl: 'https://api.github.test' },
};
const LOG = {
  info: () => undefined,
  warn: () => undefined,
  group: <T>(_: string, work: () => Promise<T>) => work(),
};

test('lines give variables, whatever their values hold; empty ones and comments give none', () => {
  expect(readGivenVariables('# data\n\nDATA=/mnt/a b=c\r\n  HOSTS=https://serve-1:9443  \nEMPTY=\n')).toEqual(
    {
      DATA: '/mnt/a b=c',
      HOSTS: 'https://serve-1:9443',
      EMPTY: '',
    },
  );
});

test.each([
  'no assignment',
  '=x',
  '1A=x',
  'GITHUB_TOKEN=x',
  'NODE_OPTIONS=x',
  'PATH=x',
  'LD_PRELOAD=x',
  'TRAINYARD_SIGNING_KEY=x',
  'MLFLOW_TRACKING_TOKEN=x',
])('the line %j is refused by name', (line) => {
  expect(() => readGivenVariables(`A=1\n${line}`)).toThrow(/can't set .*(?:NAME=value)/);
});

test('a job and the programs it starts have them, before the runner’s own', () => {
  const env = { TRAINYARD_ENV: 'DATA=/mnt/new', DATA: '/mnt/old', RUNNER_TEMP: '/tmp' };
  const host = readHost(env, RUN, LOG);
  expect(host.env['DATA']).toBe('/mnt/new');
  expect(host.childEnv()['DATA']).toBe('/mnt/new');
});
