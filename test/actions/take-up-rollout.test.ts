import { describe, expect, test, vi } from 'vitest';
import { deploy } from '../../actions/deploy/deploy.ts';
import { monitorCheck } from '../../actions/monitor-check/monitor-check.ts';
import { signDispatch, verifyDispatch } from '../../adapters/dispatch-signature.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import type { World } from './support/deployment.ts';
import { brakeAlone, createServing } from './support/histories.ts';
import { createRecordingGitHub } from './support/recording-github.ts';
import { showReport } from './support/show-report.ts';

const SECRET = 'a shared secret';
const HOUR_MS = 3_600_000;

/** Version 1 serves, and a job that is gone has left version 2 at the first stage. */
async function worldWithOpenRollout(detach = true): Promise<World> {
  const world = createServing();
  await deploy(world.job({ version: '2' }, { detach }));
  return world;
}

async function openIn(world: World) {
  return environmentOf(await world.ledger.read('mnist'), 'production').rollout;
}

/** The agent's own doing, whose report nobody has obeyed. */
function brakeOn({ agents: [agent], clock }: World, code: string): void {
  brakeAlone(agent, { code, explanation: 'It fails more often.', at: clock.now() });
}

/** The monitor's cron; gives what it has asked for. */
async function check(world: World, run = '50') {
  const github = createRecordingGitHub();
  const { request, ports } = world.job({});
  const { config, environmentName, environment, author } = request;
  const workflow = { ...author.workflow, run };
  const outcome = await monitorCheck({
    request: { config, environmentName, environment, author: { ...author, workflow }, runUrl: 'http://run' },
    ports: {
      ...{ ...ports, tracking: world.tracking, agents: world.agents, github },
      sign: (type, payload) => signDispatch(SECRET, type, payload),
    },
  });
  return { outcome, github, sent: github.dispatches };
}

describe('the monitor, of a rollout whose reports nobody has obeyed', () => {
  test('asks for its end where a host has braked it for harm, each time anew until the ledger shows it', async () => {
    const world = await worldWithOpenRollout();
    brakeOn(world, 'errors-worse');
    const first = await check(world, '50');
    const second = await check(world, '51');
    const [asked] = first.sent;
    const rollout = (await openIn(world))?.id;
    expect(asked).toMatchObject({
      type: 'trainyard.brake',
      payload: { body: { rollout, code: 'errors-worse', explanation: 'It fails more often.' } },
    });
    expect(asked && verifyDispatch(SECRET, asked.type, asked.payload)).toBe(true);
    expect(second.sent.map(({ payload }) => payload.id)).not.toEqual([asked?.payload.id]);
    expect(showReport(first.outcome.report)).toContain('its end was asked for. It fails more often.');
    await deploy(world.job({ operation: 'brake', correlationId: asked?.payload.id ?? '' }));
    expect(await openIn(world)).toBeUndefined();
    expect((await check(world, '52')).sent).toEqual([]);
  });

  test('asks for a job that goes on with it where a host has heard of none', async () => {
    const world = await worldWithOpenRollout();
    brakeOn(world, 'lease-expired');
    const { sent } = await check(world);
    expect(sent.map(({ type }) => type)).toEqual(['trainyard.rollout']);
  });

  test('asks for its end once its time is over, whatever its hosts do', async () => {
    const world = await worldWithOpenRollout();
    for (const agent of world.agents) agent.reachable = false;
    expect((await check(world)).sent).toEqual([]);
    await world.clock.wait(1.3 * HOUR_MS);
    const { sent } = await check(world);
    expect(sent).toMatchObject([{ type: 'trainyard.brake', payload: { body: { code: 'deadline-passed' } } }]);
  });

  test('leaves one alone that its hosts serve', async () => {
    expect((await check(await worldWithOpenRollout())).sent).toEqual([]);
  });

  test('checks the rest where nobody can be asked', async () => {
    const world = await worldWithOpenRollout();
    brakeOn(world, 'errors-worse');
    const github = createRecordingGitHub();
    vi.spyOn(github, 'dispatch').mockRejectedValue(new Error('GitHub answered 502.'));
    const { request, ports } = world.job({});
    const outcome = await monitorCheck({
      request: { ...request, runUrl: 'http://run' },
      ports: {
        ...{ ...ports, tracking: world.tracking, agents: world.agents, github },
        sign: (type, payload) => signDispatch(SECRET, type, payload),
      },
    });
    expect(outcome.outputs).toMatchObject({ action: 'none' });
    expect(world.lines.join('\n')).toContain('GitHub answered 502.');
  });
});
