import { expect, test } from 'vitest';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { plan } from '../../actions/plan/plan.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import type { World } from './support/deployment.ts';
import { serveToAll } from './support/histories.ts';
import { bench, comment } from './support/plan-bench.ts';
import { createRecordingGitHub } from './support/recording-github.ts';

/** What the comment is answered, in that world or a new one, and the world then. */
async function say(body: string, before?: World) {
  const asked = bench(comment(body));
  const world = before ?? asked.world;
  const outcome = await plan(asked.request, { ...asked.ports, ledger: world.ledger, clock: world.clock });
  return { world, outcome, answer: [...asked.github.comments.values()].join('\n') };
}

/** A run of the monitor, and the issues that are open after it. */
async function check(world: World) {
  const github = createRecordingGitHub();
  const { request, ports } = world.job({});
  const { config, environmentName, environment, author } = request;
  const outcome = await monitorCheck({
    request: { config, environmentName, environment, author, runUrl: 'http://run' },
    ports: { ...ports, tracking: world.tracking, agents: world.agents, github, sign: () => undefined },
  });
  return { outcome, issue: [...github.issues.values()].join('\n') };
}

test('a person mutes a finding from the issue on: it is told and asks for nothing, until its time is over', async () => {
  const { world } = bench(comment('/help'));
  serveToAll(world, '1');
  world.agents[1].reachable = false;
  const before = await check(world);
  expect(before.outcome.outputs).toMatchObject({ action: 'investigate' });
  expect(before.issue).toContain('comment `/mute mnist host-lost production for 14d the reason`');

  const muted = await say('/mute host-lost production for 2h its disk is changed <!-- @all -->', world);
  expect(muted.outcome).toMatchObject({ decision: 'complete', reasonCode: 'recorded' });
  expect(muted.answer).toContain('Muted: the monitor tells of it and does nothing about it.');
  expect(muted.answer).not.toContain('does not find');
  expect(muted.answer).not.toMatch(/<!-- @|@all/);
  expect(world.ledger.events.at(-1)).toMatchObject({
    ...{ kind: 'monitor.muted', actor: 'ann' },
    data: { environment: 'production', code: 'host-lost', until: '2026-11-21T13:59:00.000Z' },
  });
  const shown = await say('/status', world);
  expect(shown.answer).toMatch(
    /muted \| `host-lost` until 2026-11-21T13:59:00\.000Z by @\u200bann: its disk is changed/,
  );

  const during = await check(world);
  expect(during.outcome).toMatchObject({
    outputs: { action: 'none' },
    result: { codes: [], muted: ['host-lost'] },
  });
  expect(during.outcome.headline).toContain(
    '(muted until 2026-11-21T13:59:00.000Z by @ann: its disk is changed',
  );
  expect(during.issue).toBe('');
  expect(environmentOf(await world.ledger.read('mnist'), 'production').monitor).toMatchObject({
    ...{ action: 'none', codes: [], muted: ['host-lost'], lost: [{ since: expect.any(String) }] },
  });

  await world.clock.wait(2 * 3_600_000);
  const after = await check(world);
  expect(after.outcome.outputs).toMatchObject({ action: 'investigate' });
  expect(after.outcome.headline).toMatch(
    /is silent since at least 2026-11-21T12:00:\d\d\.\d+Z \(2 h\) and can't be asked/,
  );
});

test('an unmuted finding acts again at the next run', async () => {
  const { world } = await say('/mute stale');
  expect((await say('/unmute stale', world)).outcome).toMatchObject({ reasonCode: 'recorded' });
  expect(world.ledger.kinds().slice(-2)).toEqual(['monitor.muted', 'monitor.unmuted']);
  expect((await say('/unmute stale', world)).outcome).toMatchObject({ reasonCode: 'refused' });
});

test('a code that the monitor does not find is muted, and that is said', async () => {
  const { answer } = await say('/mute drift:agee');
  expect(answer).toContain('The monitor does not find `drift:agee` now; it last found nothing.');
});

test('what is only asked for mutes nothing', async () => {
  const { world, answer } = await say('/plan mute stale');
  expect(answer).toContain('This would have the monitor do nothing about a finding. Nothing was done.');
  expect(world.ledger.kinds()).not.toContain('monitor.muted');
});
