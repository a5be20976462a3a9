import { type BoxLevel, isInNamespaces } from '../box-level.ts';
import type { Problem } from '../errors.ts';

/**
 * In what boxes the code ran whose work is judged, as the jobs that ran it say. Code that is not boxed can also change what its job says;
 * code in a box can't.
 */
export type Boxes = {
  readonly training: BoxLevel;
  readonly challenger: BoxLevel;
  /** Where a champion was compared with. */
  readonly champion?: BoxLevel;
};

/** Why nothing may pass where the policy requires namespaces, a problem for each that ran otherwise. */
export function checkBoxes(boxes: Boxes): readonly Problem[] {
  return listSides(boxes)
    .filter(([, level]) => !isInNamespaces(level))
    .map((side) => ({
      code: 'not-boxed',
      message: `${describeSide(side)} The default branch requires namespaces (box.require).`,
      remedy: 'Let the gpu-runner make user namespaces (docs/runners.md), and train again.',
    }));
}

/** What the report says of them: a sentence for each that was weaker than namespaces, or one for all. */
export function describeBoxes(boxes: Boxes): readonly string[] {
  const weaker = listSides(boxes).filter(([, level]) => level !== 'namespaces');
  return weaker.length === 0 ? ['Trained and predicted in boxes, of namespaces.'] : weaker.map(describeSide);
}

/** What the report of a package says of the box that its model ran in while it was packed. */
export function describePacking(level: BoxLevel): string {
  return `Packed ${DESCRIPTIONS[level].replace(': it', ': the model')}`;
}

type BoxedSide = readonly [who: keyof Boxes, level: BoxLevel];

function listSides({ training, challenger, champion }: Boxes): readonly BoxedSide[] {
  return [
    ['training', training],
    ['challenger', challenger],
    ...(champion === undefined ? [] : [['champion', champion] as const]),
  ];
}

function describeSide([who, level]: BoxedSide): string {
  return who === 'training'
    ? `Trained ${DESCRIPTIONS[level]}`
    : `Predicted ${DESCRIPTIONS[level].replace(': it', `: the ${who}`)}`;
}

const DESCRIPTIONS: Readonly<Record<BoxLevel, string>> = {
  namespaces: 'in a box, of namespaces: it saw nothing of its job.',
  'namespaces-as-root': 'in a box, of namespaces: it could read what root may, where the box shows it.',
  user: 'as a user of its own, in no box: it reached the network, and what every user of the runner may read.',
  docker: 'with the Docker Engine of the runner, in no box: it could do whatever the engine does.',
  remote:
    'at a remote engine, in no box: it could read what its user can there, and the credentials of the tracking server.',
  none: 'without a box: it could read what its job held, the credentials and the holdout among it.',
};
