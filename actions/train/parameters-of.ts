import type { Config, Search } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import { isOfSearch, withoutSearchParameters } from '../../core/plan/training/without-search-parameters.ts';
import type { Plan } from '../job/handoff.ts';

type Asked = Pick<Plan, 'operation' | 'parameters'>;

/** The search of the commit as it is asked for: a parameter that is given a value is not searched over. Throws a UserError when nothing is left. */
export function searchOf(plan: Asked, config: Config): Search {
  const { search, project } = config;
  if (search === undefined) {
    throw new UserError([
      {
        code: 'no-search',
        message: 'The configuration of this commit has no search.',
        remedy: 'Add `search: { metric: …, space: { … } }` to trainyard.yml.',
      },
    ]);
  }
  const given = withoutSearchParameters(plan, config);
  const space = Object.entries(search.space).filter(([name]) => !Object.hasOwn(given, name));
  if (space.length === 0) {
    throw new UserError([
      {
        code: 'nothing-to-search',
        message: 'Each parameter that is searched over is given a value.',
        remedy: 'Leave one of them out, or train with these values: /train.',
      },
    ]);
  }
  const asked = (name: 'trials' | 'jobs') => {
    const value = plan.parameters[name];
    return isOfSearch(name, project.parameters) && typeof value === 'number' ? value : search[name];
  };
  return { ...search, space: Object.fromEntries(space), trials: asked('trials'), jobs: asked('jobs') };
}
