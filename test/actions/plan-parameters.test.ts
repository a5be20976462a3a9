import { describe, expect, test } from 'vitest';
import { plan } from '../../actions/plan/plan.ts';
import { parseMlproject } from '../../core/config/mlproject/parse-mlproject.ts';
import { bench, comment, POLICY } from './support/plan-bench.ts';

const HEAD = 'c'.repeat(40);
const MLPROJECT = 'entry_points: { main: { parameters: { hidden: { type: int, default: 8 } } } }';

/** A plan where the parameter `hidden` is the project's, and what the head of the pull request holds. */
function asking(text: string, files: Readonly<Record<string, string>> = {}) {
  const { world, github, request, ports } = bench(comment(text));
  const project = { ...request.config.project, parameters: { hidden: 8 } };
  for (const [file, content] of Object.entries(files)) github.files.set(`${HEAD}:${file}`, content);
  const warned: string[] = [];
  const log = { ...ports.log, warn: (line: string) => void warned.push(line) };
  return {
    ...{ world, github, warned },
    request: { ...request, config: { ...request.config, project } },
    ports: { ...ports, log },
  };
}

function headWith(project: string): string {
  return `version: 1\nmodel: mnist\n${POLICY}project: ${project}\n`;
}

describe('a training of a pull request', () => {
  test.each([
    ['1.5', headWith('{ parameters: { hidden: 8 } }'), { MLproject: MLPROJECT }],
    ['1.5', headWith('{ uri: ml, parameters: { hidden: 8 } }'), { 'ml/MLproject': MLPROJECT }],
    [
      '8',
      headWith('{ parameters: { hidden: 8 } }'),
      { MLproject: MLPROJECT.replace('type: int', 'type: bool') },
    ],
  ])('is refused hidden=%s that the MLproject of its head would not take', async (value, config, files) => {
    const { world, github, request, ports } = asking(`/train hidden=${value}`, {
      'trainyard.yml': config,
      ...files,
    });
    const { reasonCode, result } = await plan(request, ports);
    expect([reasonCode, result['code']]).toEqual(['refused', 'bad-parameter']);
    expect(github.reactions).toEqual(['eyes', '-1']);
    expect(world.ledger.kinds()).not.toContain('training.requested');
  });

  test('is refused a parameter that its head has no more', async () => {
    const { request, ports } = asking('/train hidden=4', {
      'trainyard.yml': headWith('{ parameters: { units: 8 } }'),
      MLproject: MLPROJECT.replace('hidden', 'units'),
    });
    expect((await plan(request, ports)).result['code']).toBe('unknown-parameter');
  });

  test('is told what is wrong in its own file, at its line', async () => {
    const { request, ports } = asking('/train', {
      'trainyard.yml': headWith('{ parameters: { hiden: 8 } }'),
      MLproject: MLPROJECT,
    });
    await expect(plan(request, ports)).rejects.toMatchObject({
      problems: [{ code: 'unknown-project-parameter', where: { file: 'trainyard.yml', line: 4 } }],
    });
  });

  test('says nothing of what names a variable: this job has values that are not for its author', async () => {
    const { request, ports } = asking('/train', {
      'trainyard.yml': headWith(`{ parameters: { hidden: "\${HOME:-1.5}" } }`),
      MLproject: MLPROJECT,
    });
    expect((await plan(request, ports)).reasonCode).toBe('planned');
  });

  test.each([
    ['GitHub has no MLproject of it', headWith('{ parameters: { hidden: 8 } }')],
    ["trainyard.yml there can't be used", 'project: ['],
    ["trainyard.yml there can't be used", undefined],
  ])('goes on and says so where %s', async (why, config) => {
    const { request, ports } = asking(
      '/train hidden=1.5',
      config === undefined ? {} : { 'trainyard.yml': config },
    );
    const { reasonCode, report } = await plan(request, ports);
    expect(reasonCode).toBe('planned');
    expect(JSON.stringify(report)).toContain(why);
  });

  test.each([
    ['a project elsewhere, which is nothing of the commit', headWith('{ uri: "https://git.test/fit" }')],
    ['a script, which needs no MLproject', headWith('{ steps: { train: fit.py } }')],
    ['a step that a variable names', headWith(`{ steps: { train: "\${STEP:-main}" } }`), MLPROJECT],
  ])('goes on with %s, and doubts nothing', async (_, config, mlproject?: string) => {
    const files = { 'trainyard.yml': config, ...(mlproject !== undefined && { MLproject: mlproject }) };
    const { request, ports } = asking('/train hidden=1.5', files);
    const { reasonCode, report } = await plan(request, ports);
    expect(reasonCode).toBe('planned');
    expect(JSON.stringify(report)).not.toContain('could not be looked at');
  });

  test('goes on and says so where GitHub does not answer', async () => {
    const { github, request, ports, warned } = asking('/train hidden=1.5');
    const silent = { ...github, readFile: () => Promise.reject(new Error('502')) };
    const { reasonCode, report } = await plan(request, { ...ports, github: silent });
    expect(reasonCode).toBe('planned');
    expect(JSON.stringify(report)).toContain('could not be looked at (502)');
    expect(warned).toContainEqual(expect.stringContaining('could not be looked at (502)'));
  });
});

test('a training that its project would not take is refused in the thread, and nothing is asked for', async () => {
  const { world, github, request, ports } = asking('/train hidden=1.5');
  const disk = { project: parseMlproject(MLPROJECT, 'MLproject'), hasHoldout: true };
  const asked = { ...request, sha: HEAD, disk, policy: { ...request.policy, sha: HEAD } };
  const { reasonCode, result } = await plan(asked, ports);
  expect([reasonCode, result['code']]).toEqual(['refused', 'bad-parameter']);
  expect(github.reactions).toEqual(['eyes', '-1']);
  expect(world.ledger.kinds()).not.toContain('training.requested');
  // Where the commit is the default branch's own, so are its mistakes.
  const own = {
    ...asked,
    disk: { ...disk, project: parseMlproject(MLPROJECT.replace('hidden', 'hiddn'), 'MLproject') },
  };
  await expect(plan({ ...own, payload: comment('/train') }, ports)).rejects.toThrow(
    'has no parameter `hidden`',
  );
});
