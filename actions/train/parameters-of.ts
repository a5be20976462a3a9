import type { Config, Scalar, Search } from '../../core/config/config.ts';
import { UserError } from '../../core/errors.ts';
import type { Plan } from '../job/handoff.ts';

type Parameters = Readonly<Record<string, Scalar>>;
type Asked = Pick<Plan, 'operation' | 'parameters'>;

/** The project's own parameters of what is asked for: a search also takes how many trials, and how many at a time. */
export function withoutSearchParameters({ operation, parameters }: Asked, { project }: Config): Parameters {
  if (operation !== 'tune') return parameters;
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) => !isOfSearch(name, project.parameters)),
  );
}

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

function isOfSearch(name: string, project: Parameters): boolean {
  return (name === 'trials' || name === 'jobs') && !Object.hasOwn(project, name);
}
