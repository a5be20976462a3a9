import type { Problem } from '../errors.ts';
import type { ProfileFeature, ReferenceProfile } from './profile.ts';
import { isBuiltWithoutTogether } from './together.ts';

/** A column that is not watched, and why. */
export type LeftOut = { readonly name: string; readonly why: string };

type Asked = { readonly leaveOut?: readonly string[] };

const WHY: Readonly<Record<NonNullable<ReferenceProfile['leftOut']>[number]['as'], string>> = {
  id: 'an id',
  time: 'a time',
  'left-out': 'left out',
};

const BUILT_WITHOUT: LeftOut = {
  name: 'how columns go together',
  why: 'this version was built before it could be; the next build watches it',
};

/** The features that are watched: none that is named, none of a column of texts that is, and none through such a column. */
export function watchedFeatures(
  { features }: ReferenceProfile,
  { leaveOut = [] }: Asked,
): readonly ProfileFeature[] {
  return features.filter((feature) => !leaveOut.some((name) => isCalled(feature, name)));
}

/** What the profile does not count, and what is left out of it on request. */
export function listLeftOut(profile: ReferenceProfile, { leaveOut = [] }: Asked): readonly LeftOut[] {
  const uncounted = (profile.leftOut ?? []).map(({ name, as, declared }) => ({
    name,
    why: declared ? `${WHY[as]}, by trainyard.yml` : `${WHY[as]}, by its values`,
  }));
  const asked = namesBeside(profile, leaveOut).filter((name) => isCounted(profile, name));
  return [
    ...uncounted,
    ...asked.map((name) => ({ name, why: 'left out, by trainyard.yml' })),
    ...(isBuiltWithoutTogether(profile) ? [BUILT_WITHOUT] : []),
  ];
}

/** What was asked to be left out and is nowhere: a name that is written wrongly leaves nothing out. */
export function findUnknownNames(profile: ReferenceProfile, { leaveOut = [] }: Asked): readonly Problem[] {
  const unknown = namesBeside(profile, leaveOut).filter((name) => !isCounted(profile, name));
  if (unknown.length === 0) return [];
  const names = unknown.map((name) => `\`${name}\``).join(', ');
  return [
    {
      code: 'unknown-column',
      message: `monitor.drift leaves out ${names}, and the reference profile of version ${profile.version} has no such feature.`,
      remedy: 'Write the names as the table of features does.',
    },
  ];
}

/** Those names that the profile does not leave out by itself. */
function namesBeside({ leftOut }: ReferenceProfile, names: readonly string[]): readonly string[] {
  return names.filter((wanted) => leftOut?.some(({ name }) => name === wanted) !== true);
}

function isCounted({ features }: ReferenceProfile, wanted: string): boolean {
  return features.some((feature) => isCalled(feature, wanted));
}

function isCalled({ name, text, together, slice }: ProfileFeature, wanted: string): boolean {
  const columns = [name, text?.column, slice?.column, ...(together?.columns ?? [])];
  return columns.includes(wanted);
}
