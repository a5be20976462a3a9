import { describe, expect, test } from 'vitest';
import { runPlan } from './support/run-plan.ts';

const CONFIG = `version: 1
model: mnist
tracking: { uri: "http://mlflow.test" }
data: { holdout: { path: h.npz, target: y } }
gate: [{ metric: accuracy, floor: 0.9 }]
environments: { production: { hosts: ["http://serve-1:9443"] } }
`;

function comment(body: string): unknown {
  return {
    action: 'created',
    issue: { number: 7, pull_request: {} },
    comment: { id: 55, body, created_at: new Date().toISOString(), user: { login: 'ann', type: 'User' } },
    repository: { default_branch: 'main' },
  };
}

describe('a command that makes safe', () => {
  test('is carried out whatever else is wrong in trainyard.yml', async () => {
    const config = CONFIG.replace('floor', 'flor')
      .replace('http://serve-1:9443', `\${SERVE_HOST}`)
      .replace('http://mlflow.test', `\${NOT_SET}`);
    const freeze = await runPlan({ config, payload: comment('/freeze production incident 12') });
    expect(freeze.outputs.get('reason-code'), freeze.log).toBe('recorded');
    expect(freeze.reactions).toEqual(['eyes', 'rocket']);
    const rollback = await runPlan({ config, payload: comment('/rollback production') });
    // An empty ledger has nothing to go back to: the command itself was read and looked at.
    expect(rollback.comments.join(), rollback.log).toContain('nothing-to-roll-back');
  }, 60_000);

  test.each([
    ['is no YAML', CONFIG.replace('{ uri: ', '{ uri: [')],
    ['misspells its environments', CONFIG.replace('hosts', 'hots')],
  ])(
    'is carried out as the file last said on the default branch, where it %s now',
    async (_how, config) => {
      const past = [
        CONFIG.replace('mnist', 'older'),
        CONFIG,
        config.replace('version: 1', 'version: 1 # so'),
      ];
      const freeze = await runPlan({
        config,
        past,
        payload: comment('/freeze mnist production incident 12'),
      });
      expect(freeze.outputs.get('reason-code'), freeze.log).toBe('recorded');
      expect(freeze.log).toMatch(
        /::warning::trainyard\.yml can't be used: .* What it said at commit [0-9a-f]{40}/,
      );
      expect(JSON.parse(freeze.outputs.get('result') ?? '')).toMatchObject({ model: 'mnist' });
      const train = await runPlan({ config, past, payload: comment('/train mnist') });
      expect([train.code, train.outputs.get('reason-code')]).toEqual([1, 'user-error']);
    },
    60_000,
  );

  test('is carried out where no comment and no reaction can be written', async () => {
    const muted = await runPlan({ config: CONFIG, payload: comment('/freeze'), isMute: true });
    expect(muted.outputs.get('reason-code'), muted.log).toBe('recorded');
    expect(muted.code).toBe(0);
  }, 60_000);
});

describe('a question', () => {
  test.each([
    ['/status', /production: nothing yet/],
    ['/help', /\/rollback/],
  ])(
    '%s is answered as the file last said on the default branch, where it is broken now',
    async (body, said) => {
      for (const config of [CONFIG.replace('{ uri: ', '{ uri: ['), CONFIG.replace('hosts', 'hots')]) {
        const run = await runPlan({ config, past: [CONFIG], payload: comment(body) });
        expect(run.code, run.log).toBe(0);
        expect(run.outputs.get('reason-code')).toBe('answered');
        expect(run.comments).toHaveLength(1);
        expect(run.comments[0]).toMatch(said);
        expect(run.log).toContain("trainyard.yml can't be used");
      }
    },
    60_000,
  );
});

describe('a command that can not be carried out', () => {
  test.each([
    ['/train', 'the file is wrong', CONFIG.replace('floor', 'flor'), undefined, /flor/],
    ['/rollback', 'its environments are wrong', CONFIG.replace('hosts', 'hots'), undefined, /hots/],
    ['/freeze', 'the git host does not answer', CONFIG, 'http://127.0.0.1:9/acme/digits.git', /127\.0\.0\.1/],
  ])(
    '%s is answered where it was given when %s',
    async (body, _when, config, remote, said) => {
      const run = await runPlan({ config, payload: comment(body), ...(remote !== undefined && { remote }) });
      expect(run.code).toBe(1);
      expect(run.reactions.at(-1)).toBe('-1');
      expect(run.comments).toHaveLength(1);
      expect(run.comments[0]).toMatch(said);
    },
    60_000,
  );

  test('is not answered to a stranger', async () => {
    const config = CONFIG.replace('floor', 'flor');
    const run = await runPlan({ config, payload: comment('/train'), role: 'read' });
    expect([run.code, run.comments, run.reactions]).toEqual([1, [], []]);
  }, 60_000);
});
