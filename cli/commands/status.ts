import { systemClock } from '../../adapters/clock.ts';
import { answerStatus } from '../../core/plan/answers/answer-status.ts';
import { findEnvironment } from '../../core/plan/choose-environment.ts';
import { renderPlain } from '../../core/report/render-plain.ts';
import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { readPolicy } from '../ledger/read-policy.ts';
import { readState } from '../ledger/read-state.ts';
import { refuseWith } from './refuse-with.ts';

/** `trainyard status`. */
export const statusCommand: CliCommand = {
  name: 'status',
  summary: 'Says what serves where, what is under way and what is in the way, as `/status` does.',
  words: '[ENVIRONMENT]',
  options: CONFIG_OPTION,
  run: async (given, world) => {
    const config = await readPolicy(world, given.text('config') ?? CONFIG_OPTION.config.default);
    const [named] = given.words;
    const environment = named === undefined ? undefined : findEnvironment(config, named);
    if (environment?.ok === false) throw refuseWith(environment.error);
    const state = await readState(world, config.model);
    const shown = answerStatus(config, state, { environment: environment?.value, now: systemClock.now() });
    for (const line of renderPlain(shown)) world.print.line(line);
    return 0;
  },
};
