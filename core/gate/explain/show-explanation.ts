import { drawImportances } from '../../pictures/draw-importances.ts';
import { drawTiles } from '../../pictures/draw-tiles.ts';
import { alignRight, type Block } from '../../report/report.ts';
import { shorten } from '../../report/shorten.ts';
import type { GateFigure } from '../figures/figure.ts';
import { formatCount } from '../format-value.ts';
import type { Names } from '../judge/compare.ts';
import {
  type Explanations,
  findBeside,
  groupImportances,
  type ImportanceGroup,
} from './compare-importances.ts';
import { describeMethod, formatImportance } from './describe-explanation.ts';
import { type Importances, isShown, type Measure } from './explanation.ts';

const MOST_FEATURES = 12;
const MOST_OF_SLICE = 5;
const NAME = 60;
const TITLE = 'What the answers hang on';

/** The importances of both models, over all rows and by slice, as bars, or as tiles of a picture; none where they are not known. */
export function showExplanation({ challenger, champion }: Explanations, names: Names): readonly GateFigure[] {
  if (!isShown(challenger)) return [];
  const beside = findBeside(challenger, champion);
  const groups = groupImportances(challenger, beside).map(({ features, ...group }, index) => ({
    ...group,
    features: features.slice(0, index === 0 ? MOST_FEATURES : MOST_OF_SLICE),
    rest: features.length - (index === 0 ? MOST_FEATURES : MOST_OF_SLICE),
  }));
  const { measure, grid } = challenger;
  const frame = { title: TITLE, note: describeMethod(challenger), names: namesOf(names, beside) };
  const bars = groups.map((group) => ({
    ...group,
    write: (value: number) => formatImportance(value, measure),
  }));
  const figure: GateFigure = {
    file: 'explanation.svg',
    title: TITLE,
    svg: grid === null ? drawImportances(frame, bars) : drawTiles(frame, panelsOf(challenger, beside, grid)),
    blocks: [
      { kind: 'paragraph', text: describeMethod(challenger) },
      // Where in a picture it lies is to be seen, not read: tiles by slice would be a wall of them.
      ...(grid === null ? groups : groups.slice(0, 1)).flatMap((group) =>
        tableOf(group, measure, beside !== undefined),
      ),
    ],
  };
  return [figure];
}

/** What the models are called in the key; the champion only where it is drawn. */
function namesOf({ champion, challenger }: Names, beside: Importances | undefined) {
  return [
    { who: 'challenger', text: `challenger ${challenger}` } as const,
    ...(beside === undefined
      ? []
      : [{ who: 'champion', text: `champion ${champion ?? ''}`.trim() } as const]),
  ];
}

/** The tiles of each model, over all rows and by slice. */
function panelsOf(
  challenger: Importances,
  champion: Importances | undefined,
  grid: readonly [number, number],
) {
  const parts = [
    { title: 'All rows', rows: challenger.rows, values: challenger.features.map(({ value }) => value) },
    ...challenger.slices.map(({ name, rows, values }) => ({ title: name, rows, values })),
  ];
  return parts.map(({ title, rows, values }, index) => ({
    title: `${title} (${formatCount(rows)})`,
    grid,
    challenger: values,
    champion:
      index === 0
        ? champion?.features.map(({ value }) => value)
        : champion?.slices.find(({ name }) => name === title)?.values,
  }));
}

function tableOf(
  { title, rows, features, rest }: ImportanceGroup & { readonly rest: number },
  measure: Measure,
  isPaired: boolean,
): readonly Block[] {
  const write = (value: number | undefined): string =>
    value === undefined ? '' : formatImportance(value, measure);
  const columns = ['Input', ...[...(isPaired ? ['Champion'] : []), 'Challenger'].map(alignRight)];
  return [
    { kind: 'paragraph', text: `${shorten(title, NAME)}, ${formatCount(rows)} rows:` },
    {
      kind: 'table',
      columns,
      rows: features.map(({ name, champion, challenger }) => [
        shorten(name, NAME),
        ...(isPaired ? [write(champion)] : []),
        write(challenger),
      ]),
    },
    ...(rest > 0 ? [{ kind: 'paragraph', text: `and ${rest} more.` } as const] : []),
  ];
}
