import { expect, test, vi } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import type { Monitoring } from '../../actions/monitor-check/monitor-context.ts';
import { addSeconds } from '../../core/instant.ts';
import { profileOf, windowOf } from '../core/drift/drift-data.ts';
import { championEvents, createWorld, versionEvents, type World } from './support/deployment.ts';
import { createRecordingGitHub, type RecordingGitHub } from './support/recording-github.ts';
import { showReport } from './support/show-report.ts';

const NAME = 'monitor-mnist-production.html';
const SERVED_DAYS = 24;
const SHIFT_DAY = 20;

/** A champion whose requests were seen for 24 days, of which `amount` shifted in the last four. */
function shiftedWorld(): { world: World; github: RecordingGitHub; monitoring: Monitoring } {
  const world = createWorld([...versionEvents('7'), ...championEvents('7')]);
  world.tracking.aliases.set('champion', '7');
  const today = `${world.clock.now().slice(0, 10)}T00:00:00Z`;
  const dayOf = (day: number) => addSeconds(today, (day - SERVED_DAYS) * 86_400);
  for (const agent of world.agents) {
    agent.traffic = { stable: '7', candidatePercent: 0, shadow: false, revision: 1 };
    agent.captured = Array.from({ length: SERVED_DAYS }, (_, day) =>
      windowOf(day, {
        ...{ host: agent.url, model: 'mnist', from: dayOf(day), to: dayOf(day + 1) },
        moved: day >= SHIFT_DAY ? 0.09 : 0,
      }),
    );
  }
  const github = createRecordingGitHub();
  const { request, ports } = world.job({});
  const packages = { ...ports.packages, fetchProfile: async () => ({ ...profileOf(30), model: 'mnist' }) };
  const { config, environmentName, environment, author } = request;
  const monitoring: Monitoring = {
    request: { config, environmentName, environment, author, runUrl: 'https://github.test/runs/1' },
    ports: {
      ...ports,
      packages,
      github,
      agents: world.agents,
      tracking: world.tracking,
      sign: () => undefined,
    },
  };
  return { world, github, monitoring };
}

test('a check leaves its page as a file, and issue and summary say where it is', async () => {
  const { world, github, monitoring } = shiftedWorld();
  const { outputs, report } = await monitorCheck(monitoring);
  expect(outputs).toEqual({ action: 'retrain', page: `/runner/temp/${NAME}` });
  const page = world.files.get(NAME) ?? '';
  const began = addSeconds(world.clock.now(), (SHIFT_DAY - SERVED_DAYS) * 86_400);
  const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(
    new Date(began),
  );
  expect(page).toContain(`<code>amount</code> has drifted away from training since ${day}.`);
  // What it has decided is in the ledger by then.
  expect(page).toMatch(/Monitor: <strong>train again<\/strong>/);
  expect(showReport(report)).toContain(NAME);
  expect([...github.issues.values()].join()).toContain(NAME);
});

test('a page that can not be written stops nothing, and none is named', async () => {
  const { world, github, monitoring } = shiftedWorld();
  vi.spyOn(monitoring.ports, 'saveFile').mockRejectedValue(new Error('ENOSPC: no space left on device'));
  const { outputs, report } = await monitorCheck(monitoring);
  expect(outputs).toEqual({ action: 'retrain', page: '' });
  expect(github.issues.size).toBe(1);
  expect(world.lines.join('\n')).toContain('The page could not be made: ENOSPC');
  expect(showReport(report)).not.toContain(NAME);
});
