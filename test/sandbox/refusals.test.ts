import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type StandIn, startStandIn } from './support/stand-in.ts';

/** Time to start on a busy machine. */
const START_MS = 60_000;

let github: StandIn;
let clone: string;

beforeAll(async () => {
  github = await startStandIn();
  github.remote.commit({ branch: 'main', files: { a: 'b' }, message: 'begin', author: 'ada' });
  clone = path.join(github.folder, 'clone');
  await github.git(['clone', '--quiet', `${github.server.addresses.web}/acme/digits`, clone]);
}, START_MS);
afterAll(async () => {
  await github.server.stop();
  rmSync(github.folder, { recursive: true, force: true });
});

const push = async (branch: string, as?: 'ada' | 'bot') =>
  github.git(['-C', clone, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`], as);

describe('rules for pushes', () => {
  afterEach(() => github.remote.setRules([]));

  it.each([
    ['ruleset', /remote: error: GH013: Repository rule violations found for refs\/heads\/ruleset\/x/],
    ['protection', /remote: error: GH006: Protected branch update failed for refs\/heads\/protection\/x/],
  ] as const)('refuse by a %s, in GitHub’s words', async (kind, words) => {
    github.remote.setRules([{ kind, branches: `${kind}/*`, bypass: ['ada'] }]);
    await expect(push(`${kind}/x`)).rejects.toThrow(words);
    expect(github.remote.resolve(`${kind}/x`)).toBeUndefined();
    await push('other');
    await push(`${kind}/x`, 'ada');
    expect(github.remote.resolve(`${kind}/x`)).toBe(github.remote.resolve('main'));
    github.remote.setRules([]);
    await push(`${kind}/y`);
  });

  it('hold for a person who pushes without the web too', () => {
    github.remote.setRules([{ kind: 'ruleset', branches: 'main', bypass: ['bot'] }]);
    const commit = (author: string) =>
      github.remote.commit({ branch: 'main', files: { c: 'd' }, message: 'change', author });
    expect(() => commit('ada')).toThrow(/GH013/);
    expect(commit('bot')).toBe(github.remote.resolve('main'));
  });
});

describe('a token that ends', () => {
  it('is taken for 24 hours, then refused by the API and by git', async () => {
    const { tokens, addresses } = github.server;
    tokens.endAfter('bot-token', 24);
    tokens.pass(23.9);
    expect((await github.call('GET', '')).status).toBe(200);
    expect(await github.git(['ls-remote', `${addresses.web}/acme/digits`])).toContain('refs/heads/main');
    tokens.pass(0.1);
    expect(await github.call('GET', '')).toMatchObject({ status: 401, body: { message: 'Bad credentials' } });
    await expect(github.git(['ls-remote', `${addresses.web}/acme/digits`])).rejects.toThrow();
    await expect(github.adapter().permissionOf('ada')).rejects.toThrow(/401.*Bad credentials/);
    tokens.endAfter('bot-token', 24);
    expect((await github.call('GET', '')).status).toBe(200);
  });
});

describe('dispatches that GitHub accepted', () => {
  afterEach(() => {
    github.server.deliveries.stop();
    github.started.length = 0;
  });

  const dispatch = async (type: string): Promise<void> => {
    expect((await github.call('POST', '/dispatches', { event_type: type })).status).toBe(204);
  };

  it('are lost, doubled, or late and after those that follow, as they are told', async () => {
    const { deliveries } = github.server;
    for (const fault of [{ kind: 'lost' }, { kind: 'doubled' }, { kind: 'late', ms: 200 }] as const) {
      deliveries.spoil(fault);
    }
    for (const type of ['lost', 'doubled', 'late', 'whole']) await dispatch(type);
    expect(github.started).toEqual(['doubled', 'doubled', 'whole']);
    await vi.waitFor(() => expect(github.started).toEqual(['doubled', 'doubled', 'whole', 'late']));
  });

  it('need a type of 1 to 100 characters', async () => {
    for (const event_type of ['', 'x'.repeat(101)]) {
      expect((await github.call('POST', '/dispatches', { event_type })).status).toBe(422);
    }
    await dispatch('x'.repeat(100));
  });
});
