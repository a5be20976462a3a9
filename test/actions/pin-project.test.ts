import { expect, test } from 'vitest';
import { train } from '../../actions/train/train.ts';
import { parseConfig } from '../../core/config/parse-config.ts';
import { TAGS } from '../../core/names.ts';
import { createTraining } from './support/training.ts';

const [THEN, NOW] = ['1'.repeat(40), '2'.repeat(40)];

/** A training of a project in another repository, whose branch is at `NOW`. */
function createElsewhere() {
  const training = createTraining();
  const { project } = training.request.config;
  const elsewhere = { ...project, uri: 'https://git.test/acme/models#tiny', version: 'main' };
  const written: string[] = [];
  return {
    ...training,
    written,
    request: { ...training.request, config: { ...training.request.config, project: elsewhere } },
    ports: {
      ...training.ports,
      findProjectCommit: async () => NOW,
      writeTemp: async (name: string, text: string) => {
        written.push(text);
        return `/tmp/${name}`;
      },
    },
  };
}

test('a project in another repository is trained at one commit, which its run and its provenance name', async () => {
  const { request, ports, steps, tracking, written } = createElsewhere();
  await train(request, ports);
  expect(steps.map(({ uri, commit }) => [uri, commit])).toEqual([['https://git.test/acme/models#tiny', NOW]]);
  expect(tracking.runs.get('run-1')?.tags).toMatchObject({
    [TAGS.sha]: request.plan.sha,
    [TAGS.projectCommit]: NOW,
    'mlflow.source.git.commit': NOW,
    'mlflow.source.git.repoURL': 'https://git.test/acme/models',
  });
  expect(JSON.parse(written[0] ?? '')).toMatchObject({
    sha: request.plan.sha,
    project: { uri: 'https://git.test/acme/models#tiny', version: 'main', commit: NOW },
  });
});

test('an attempt that goes on with a lost one takes its commit, whatever the branch has become', async () => {
  const first = createElsewhere();
  const lost = { ...first.ports, findProjectCommit: async () => THEN };
  const gone = { ...lost, project: { run: async () => Promise.reject(new Error('the runner is lost')) } };
  const kept = { ...gone, tracking: { ...gone.tracking, endRun: async () => undefined } };
  await expect(train(first.request, kept)).rejects.toThrow('lost');
  const again = { ...first.request, holder: { round: 0, attempt: 2 } };
  await train(again, first.ports);
  expect(first.steps.map(({ commit }) => commit)).toEqual([THEN]);
});

test('a commit that somebody else has written to the lost run is not believed', async () => {
  const first = createElsewhere();
  const gone = {
    ...first.ports,
    project: { run: async () => Promise.reject(new Error('the runner is lost')) },
  };
  const kept = { ...gone, tracking: { ...gone.tracking, endRun: async () => undefined } };
  await expect(train(first.request, kept)).rejects.toThrow('lost');
  await first.tracking.setRunTags('run-1', { [TAGS.projectCommit]: THEN });
  await train({ ...first.request, holder: { round: 0, attempt: 2 } }, first.ports);
  expect(first.steps.map(({ commit }) => commit)).toEqual([NOW]);
});

test('a folder of this repository has no version of its own', () => {
  const text =
    'version: 1\nmodel: m\ntracking: { uri: "http://t" }\nproject: { uri: ., version: main }\ngate: [{ metric: accuracy, floor: 0.1 }]\n';
  const parsed = parseConfig(text, { file: 'trainyard.yml', env: {} });
  expect(parsed).toMatchObject({ ok: false, error: [{ code: 'version-of-a-folder', where: { line: 4 } }] });
});
