import type { Problem } from '../errors.ts';
import type { ReferenceProfile } from './profile.ts';

/** A column that is not watched, and why. */
export type LeftOut = { readonly name: string; readonly why: string };

type Asked = { readonly leaveOut?: readonly string[] };

const WHY: Readonly<Record<NonNullable<ReferenceProfile['leftOut']>[number]['as'], string>> = {
  id: 'an id',
  time: 'a time',
  'left-out': 'left out',
};

/** What the profile does not count, and what is left out of it on request. */
export function listLeftOut(profile: ReferenceProfile, { leaveOut = [] }: Asked): readonly LeftOut[] {
  const uncounted = (profile.leftOut ?? []).map(({ name, as, declared }) => ({
    name,
    why: declared ? `${WHY[as]}, by trainyard.yml` : `${WHY[as]}, by its values`,
  }));
  const known = new Set(uncounted.map(({ name }) => name));
  const asked = leaveOut.filter((name) => !known.has(name) && isCounted(profile, name));
  return [...uncounted, ...asked.map((name) => ({ name, why: 'left out, by trainyard.yml' }))];
}

/** What was asked to be left out and is nowhere: a name that is written wrongly leaves nothing out. */
export function findUnknownNames(profile: ReferenceProfile, { leaveOut = [] }: Asked): readonly Problem[] {
  const uncounted = new Set((profile.leftOut ?? []).map(({ name }) => name));
  const unknown = leaveOut.filter((name) => !uncounted.has(name) && !isCounted(profile, name));
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

function isCounted({ features }: ReferenceProfile, wanted: string): boolean {
  return features.some(({ name, text }) => name === wanted || text?.column === wanted);
}
