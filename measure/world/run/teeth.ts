import { MUTATIONS } from './mutations.ts';
import { UNSEEN_FAULTS } from './unseen-faults.ts';

/** A fault that was put back and found: by which invariant and seed, after how many schedules. */
export type Bite = {
  readonly name: string;
  readonly invariant: string;
  readonly seed: number;
  readonly schedules: number;
};

const HEADING = `# The teeth of the simulated world

Faults that were found in the running product, put back one at a time (\`run/mutations.ts\`) until a schedule breaks an invariant that it
does not break without the fault. Written by \`npm run simulate -- world --mutations --table measure/world/README.md\`; with \`--mutation NAME\`
for one of them. A seed means the same schedule until the generator is changed, and a schedule may go otherwise after any change of what it
plays. Where a number of schedules is "at most", seeds were passed over whose schedules, as drawn, lack what the fault needs: played from
seed 1 on, it is found by then. "Not found yet" says that the few dozen schedules there was time for did not find it, and no more.
`;

/** The page of the world's teeth: `before` with one row set anew. A row of a fault that is no longer there is dropped. */
export function renderTeeth(before: string, bite: Bite | undefined): string {
  const known = new Map(before.split('\n').map((line) => [line.split('`')[1] ?? '', line]));
  const rows = MUTATIONS.map(({ name, fault }) => {
    if (bite?.name !== name) return known.get(name) ?? `| \`${name}\` | ${fault} | not found yet | | |`;
    return `| \`${name}\` | ${fault} | \`${bite.invariant}\` | ${bite.seed} | ${bite.schedules} |`;
  });
  const unseen = UNSEEN_FAULTS.map(
    ({ name, fault, reason, test }) =>
      `| \`${name}\` | ${fault} | ${reason} | [${test.slice(test.lastIndexOf('/') + 1)}](../../${test}) |`,
  );
  return [
    HEADING,
    '| Mutation | What it puts back | Broken | Seed | Schedules needed |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    'What the world can not see, and the test that does: each was seen to fail with the fault put back by hand.',
    '',
    '| Fault | What it was | Why it is not seen | Test |',
    '| --- | --- | --- | --- |',
    ...unseen,
    '',
  ].join('\n');
}
