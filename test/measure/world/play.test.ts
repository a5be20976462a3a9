import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MUTATIONS } from '../../../measure/world/run/mutations.ts';
import { renderTeeth } from '../../../measure/world/run/teeth.ts';
import { UNSEEN_FAULTS } from '../../../measure/world/run/unseen-faults.ts';
import { drawSchedule } from '../../../measure/world/schedule/draw-schedule.ts';
import { MOMENTS } from '../../../measure/world/schedule/moments.ts';
import { ROOT } from '../../../sandbox/checkout.ts';

function replay(seed: number): string {
  const args = [
    '--disable-warning=ExperimentalWarning',
    'scripts/simulate.ts',
    'world',
    '--replay',
    String(seed),
  ];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  return stdout + stderr;
}

it('plays a seed the same way each time', () => {
  const first = replay(3);
  expect(first).toMatch(/1 schedules: \d{3,} steps, [2-9] rollouts/);
  expect(replay(3)).toBe(first);
});

it('asks nothing of what a candidate had failed before it was braked on a machine that is replaced then', () => {
  expect(replay(752)).toContain('0 violations');
});

it('lets no lease go on of a machine that comes back with its clock set back', () => {
  expect(replay(353_873_643_701_922)).toContain('0 violations');
});

it('takes back no candidate that answers as the stable version does, of which its host has seen nothing', () => {
  expect(replay(139_180_857_900_885)).toContain('0 violations');
});

it('asks a host for what its leases allow once its agent, which was away, has had a look', () => {
  expect(replay(227_543_637_000_438)).toContain('0 violations');
});

it('asks for no brake in favour of a stable version that was started again and whose check has hung since', () => {
  expect(replay(417_243_098_600_940)).toContain('0 violations');
});

it('draws the same schedule for a seed, in the order of time', () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const { injections } = drawSchedule(seed);
    expect(drawSchedule(seed).injections).toEqual(injections);
    expect(injections.map(({ at }) => at)).toEqual(injections.map(({ at }) => at).toSorted((a, b) => a - b));
  }
});

it.each<[keyof typeof MOMENTS, string, string, string]>([
  ['raised', 'Version 2 gets 10 % of the traffic.', ' % of the traffic.', 'actions/deploy/rollout/step.ts'],
  ['last-stage', 'Version 2 gets 100 % of the traffic.', ' gets ${', 'actions/deploy/rollout/step.ts'],
  ['passed', '10% passed after 15 s', ' passed after ', 'core/rollout/explain-rollout.ts'],
  ['braked', 'Braked mnist version 2', 'Braked ', 'agent/traffic/record-brake.ts'],
])('knows the moment "%s" by what is said then: %s', (moment, said, part, file) => {
  expect(said).toMatch(MOMENTS[moment]);
  expect(readFileSync(join(ROOT, file), 'utf8')).toContain(part);
});

it.each(MUTATIONS)('finds the text that $name changes once', ({ changes }) => {
  for (const { file, from } of changes) {
    expect(readFileSync(join(ROOT, file), 'utf8').split(from), `${file}: ${from}`).toHaveLength(2);
  }
});

it.each(UNSEEN_FAULTS)('names a test that sees $name', ({ test }) => {
  expect(existsSync(join(ROOT, test)), test).toBe(true);
});

it('has a page that says of each mutation which seed finds it', () => {
  const page = readFileSync(join(ROOT, 'measure/world/README.md'), 'utf8');
  expect(renderTeeth(page, undefined)).toBe(page);
  for (const { name } of [...MUTATIONS, ...UNSEEN_FAULTS]) expect(page).toContain(`\`${name}\``);
});
