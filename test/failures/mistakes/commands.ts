import { createEvent } from '../../../core/ledger/create-event.ts';
import { contextOf } from '../../actions/support/deployment.ts';
import { comment, SHA } from '../../actions/support/plan-bench.ts';
import { byEvent } from '../support/by-comment.ts';
import type { Mistake } from '../support/mistake.ts';

/** What the head of the pull request holds. */
const HEAD: Readonly<Record<string, string>> = {
  'trainyard.yml': 'version: 1\nmodel: mnist\nproject: { parameters: { hidden: 8 } }\n',
  MLproject: 'entry_points: { main: { parameters: { hidden: int } } }',
};

function push(branch: string) {
  return {
    ref: `refs/heads/${branch}`,
    before: 'a'.repeat(40),
    after: SHA,
    head_commit: { message: 'Say it better' },
    repository: { default_branch: 'main' },
  };
}

/** What is asked for in comments and by pushes. */
export const COMMANDS: readonly Mistake[] = [
  {
    does: '`/trian`: a command is misspelt',
    place: 'comment',
    code: 'unknown-command',
    names: /\/train/,
    play: () => byEvent(comment('/trian')),
  },
  {
    does: '`/train hiden=16`: a parameter that there is not',
    place: 'comment',
    code: 'unknown-parameter',
    names: /hidden/,
    play: () =>
      byEvent(comment('/train hiden=16'), ({ request }) => ({
        request: {
          config: { ...request.config, project: { ...request.config.project, parameters: { hidden: 8 } } },
        },
      })),
  },
  {
    does: '`/train hidden=1.5`: a fraction where MLproject says int',
    place: 'comment',
    code: 'bad-parameter',
    names: /int|whole/,
    play: () =>
      byEvent(comment('/train hidden=1.5'), ({ request }) => ({
        github: { readFile: async (file) => HEAD[file] },
        request: {
          config: { ...request.config, project: { ...request.config.project, parameters: { hidden: 8 } } },
        },
      })),
  },
  {
    does: '`/tune` without a search in trainyard.yml',
    place: 'comment',
    code: 'no-search',
    names: /search/,
    play: () => byEvent(comment('/tune')),
  },
  {
    does: '`/deploy v2 prod`: an environment that there is not',
    place: 'comment',
    code: 'unknown-environment',
    names: /production/,
    play: () => byEvent(comment('/deploy v2 prod')),
  },
  {
    does: '`/deploy latest`: a version by a name',
    place: 'comment',
    code: 'unknown-environment',
    names: /`v6`/,
    play: () => byEvent(comment('/deploy latest')),
  },
  {
    does: '`/deploy v9`: a version that there is not',
    place: 'comment',
    code: 'unknown-version',
    names: /v2/,
    play: () => byEvent(comment('/deploy v9')),
  },
  {
    does: '`/rollback` of the first version',
    place: 'comment',
    code: 'nothing-to-roll-back',
    names: /\/deploy/,
    play: () => byEvent(comment('/rollback')),
  },
  {
    does: '`/hold` without a rollout',
    place: 'comment',
    code: 'no-rollout',
    names: /\/deploy|\/status/,
    play: () => byEvent(comment('/hold')),
  },
  {
    does: '`/deploy v2` while the environment is frozen',
    place: 'comment',
    code: 'frozen',
    names: /\/unfreeze/,
    play: () =>
      byEvent(comment('/deploy v2'), ({ world }) => {
        const data = { environment: 'production', reason: 'holidays' };
        world.ledger.events.push(createEvent(contextOf('bob'), 'frozen', data));
        return {};
      }),
  },
  {
    does: '`/mute host-lost too noisy`: a reason where an environment stands',
    place: 'comment',
    code: 'unknown-environment',
    names: /for 7d the reason/,
    play: () => byEvent(comment('/mute host-lost too noisy')),
  },
  {
    does: '`/mute champion-braked`: what protects users',
    place: 'comment',
    code: 'never-muted',
    names: /Mend it/,
    play: () => byEvent(comment('/mute champion-braked')),
  },
  {
    does: 'A command by somebody who may only read',
    place: 'job',
    code: 'not-allowed',
    names: /write/,
    play: () => byEvent(comment('/train', 'eve')),
  },
  {
    does: '`/train` in a pull request that is closed',
    place: 'comment',
    code: 'closed-pull-request',
    names: /open/i,
    play: () =>
      byEvent(comment('/train'), ({ github }) => ({
        github: {
          getPullRequest: async (number) => ({ ...(await github.getPullRequest(number)), state: 'closed' }),
        },
      })),
  },
  {
    does: '`/train` in a pull request of a fork',
    place: 'comment',
    code: 'fork',
    names: /commands\.forks|branch of this repository/,
    play: () =>
      byEvent(comment('/train'), ({ github }) => ({
        github: {
          getPullRequest: async (number) => ({
            ...(await github.getPullRequest(number)),
            headRepository: 'eve/digits',
          }),
        },
      })),
  },
  {
    does: 'A push that changes documents only',
    place: 'job',
    code: 'docs-only',
    names: /\/train/,
    play: () =>
      byEvent(
        push('main'),
        ({ github }) => {
          github.changed = ['README.md'];
          return {};
        },
        'push',
      ),
  },
  {
    does: 'A push to a branch that is not the default one',
    place: 'job',
    code: 'not-default-branch',
    names: /\/train/,
    play: () => byEvent(push('feature'), undefined, 'push'),
  },
];
