import type { Config, Scalar } from '../../config/config.ts';
import type { Operation } from '../hand-over.ts';

type Parameters = Readonly<Record<string, Scalar>>;
type Asked = { readonly operation: Operation; readonly parameters: Parameters };

/** The project's own parameters of what is asked for: a search also takes how many trials, and how many at a time. */
export function withoutSearchParameters(
  { operation, parameters }: Asked,
  { project }: Pick<Config, 'project'>,
): Parameters {
  if (operation !== 'tune') return parameters;
  return Object.fromEntries(
    Object.entries(parameters).filter(([name]) => !isOfSearch(name, project.parameters)),
  );
}

/** Whether a parameter of a search says how it goes, and is none of the project's. */
export function isOfSearch(name: string, project: Parameters): boolean {
  return (name === 'trials' || name === 'jobs') && !Object.hasOwn(project, name);
}
