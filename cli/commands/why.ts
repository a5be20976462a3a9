import { defaultEnvironment } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { environmentOf } from '../../core/ledger/state.ts';
import { answerWhy } from '../../core/plan/answers/answer-why.ts';
import { renderPlain } from '../../core/report/render-plain.ts';
import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { readPolicy } from '../ledger/read-policy.ts';
import { readState } from '../ledger/read-state.ts';
import { refuseWith } from './refuse-with.ts';

/** `trainyard why`. */
export const whyCommand: CliCommand = {
  name: 'why',
  summary:
    'Says why a version is where it is: its training, its verdict and its rollouts. Without one, of what was decided on last.',
  words: '[VERSION]',
  options: CONFIG_OPTION,
  run: async (given, world) => {
    const config = await readPolicy(world, given.text('config') ?? CONFIG_OPTION.config.default);
    const state = await readState(world, config.model);
    const here = environmentOf(state, defaultEnvironment(config) ?? '');
    const newest = here.rollout?.version ?? here.history.at(-1)?.version ?? here.champion?.version;
    const version = given.words[0]?.replace(/^v/, '') ?? newest;
    if (version === undefined) {
      const remedy = 'Name a version: trainyard why v1.';
      throw new UserError([{ code: 'nothing-decided', message: 'Nothing was rolled out yet.', remedy }]);
    }
    const answer = answerWhy(state, version);
    if (!answer.ok) throw refuseWith(answer.error);
    for (const line of renderPlain(answer.value)) world.print.line(line);
    return 0;
  },
};
