import { describe, expect, test } from 'vitest';
import { createListener } from '../../actions/deploy/listener.ts';
import type { PostedComment } from '../../core/ports.ts';
import { createWorld } from './support/deployment.ts';
import { createManualClock } from './support/manual-clock.ts';

/** A repository whose comments can be added to, and a job that listens in it: what it hears after each look. */
function createScene(before: readonly PostedComment[] = [], askedBy?: number) {
  const clock = createManualClock();
  const comments = [...before];
  const warnings: string[] = [];
  const scene = { looks: 0, fails: false, roleFails: false };
  const { config } = createWorld([]).job({}).request;
  const log = {
    info: () => undefined,
    warn: (line: string) => warnings.push(line),
    group: <T>(_: string, work: () => Promise<T>) => work(),
  };
  const github = {
    newestComments: async () => {
      scene.looks += 1;
      if (scene.fails) throw new Error('503');
      return comments.toSorted((a, b) => b.id - a.id);
    },
    permissionOf: async (user: string) => {
      if (scene.roleFails) throw new Error('502');
      return user === 'ann' ? ('write' as const) : ('read' as const);
    },
  };
  const listener = createListener({ github, clock, log }, { startedAt: clock.now(), config, askedBy });
  const hear = async (): Promise<boolean> => {
    await clock.wait(10_000);
    listener.isCalled();
    await new Promise(setImmediate);
    return listener.isCalled();
  };
  return { clock, comments, warnings, scene, listener, hear };
}

const say = (body: string, at: string, user = 'ann', id = 7): PostedComment => ({ id, user, body, at });
const EARLY = '2026-11-21T11:00:00.000Z';
const LATE = '2026-11-21T12:05:00.000Z';

describe('a job that listens', () => {
  test.each([
    ['/rollback', true],
    ['/rollback v3 production', true],
    ['/hold', true],
    ['/freeze bad data', true],
    ['/rollback mnist production', true],
    ['/hold other-model', true],
    ['/Rollback', true],
    ['/rollbacks', false],
    ['/plan rollback', false],
    ['/status', false],
    ['/promote', false],
    ['so I would /rollback this', false],
  ])('by %s it is called: %s', async (body, called) => {
    const { comments, hear } = createScene();
    expect(await hear()).toBe(false);
    comments.push(say(body, LATE));
    expect(await hear()).toBe(called);
  });

  test('is not called by one who may not', async () => {
    const { comments, hear } = createScene();
    comments.push(say('/rollback', LATE, 'eve'), say('/rollback', LATE, '', 8));
    expect(await hear()).toBe(false);
  });

  test('is not called by what was said before it began, and is by what came since, whatever the clocks say', async () => {
    const { comments, hear } = createScene([say('/rollback', EARLY, 'ann', 6)]);
    expect(await hear()).toBe(false);
    expect(await hear()).toBe(false);
    // GitHub's clock is an hour behind this runner's.
    comments.push(say('/rollback', EARLY, 'ann', 7));
    expect(await hear()).toBe(true);
  });

  test('hears what was said while it began', async () => {
    const { clock, comments, hear } = createScene();
    comments.push(say('/rollback', clock.now()));
    expect(await hear()).toBe(true);
  });

  test('asks every 10 s at most, and never waits for the answer', async () => {
    const { clock, scene, listener } = createScene();
    for (let second = 0; second < 60; second += 1) {
      expect(listener.isCalled()).toBe(false);
      await clock.wait(1_000);
    }
    expect(scene.looks).toBe(6);
  });

  test('says once that comments can not be read, and hears again when they can', async () => {
    const { comments, warnings, scene, hear } = createScene();
    scene.fails = true;
    expect(await hear()).toBe(false);
    expect(await hear()).toBe(false);
    expect(warnings).toEqual([expect.stringContaining('503')]);
    scene.fails = false;
    comments.push(say('/rollback', LATE));
    expect(await hear()).toBe(true);
  });

  test('hears no old word again where newer ones were deleted', async () => {
    const many = Array.from({ length: 3 }, (_, i) => say('hello', LATE, 'eve', 20 + i));
    const { comments, hear } = createScene([say('/rollback', EARLY, 'ann', 6), ...many]);
    expect(await hear()).toBe(false);
    comments.splice(1);
    expect(await hear()).toBe(false);
  });

  test('is not called by what was said before the comment that asked for the job', async () => {
    const scene = createScene([], 8);
    scene.comments.push(
      say('/freeze', scene.clock.now(), 'ann', 7),
      say('/deploy v3', scene.clock.now(), 'ann', 8),
    );
    expect(await scene.hear()).toBe(false);
    scene.comments.push(say('/rollback', LATE, 'ann', 9));
    expect(await scene.hear()).toBe(true);
  });

  test('hears a word once more where its author could not be looked up', async () => {
    const { comments, scene, hear } = createScene();
    comments.push(say('/rollback', LATE));
    scene.roleFails = true;
    expect(await hear()).toBe(false);
    scene.roleFails = false;
    expect(await hear()).toBe(true);
  });

  test('looks no more once the job is done', async () => {
    const { clock, scene, listener, hear } = createScene();
    expect(await hear()).toBe(false);
    listener.stop();
    await clock.wait(60_000);
    expect([listener.isCalled(), scene.looks]).toEqual([false, 1]);
  });
});
