import { insertGenerated } from '../../core/report/insert-generated.ts';
import { PLACES, type Region } from './crossing.ts';
import { CROSSINGS } from './crossings.ts';

/** The page with the picture and the table of all crossings between their marks. Throws when it has none. */
export function insertCrossings(page: string): string {
  return insertGenerated(page, 'crossings', `${renderPicture()}\n\n${renderTable()}`);
}

/** The picture, for Mermaid: an arrow for each pair of places, with the rows of the table that it stands for. */
function renderPicture(): string {
  const arrows = new Map<string, number[]>();
  for (const [index, { from, to }] of CROSSINGS.entries()) {
    const arrow = `${from} ${to}`;
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), index + 1]);
  }
  const boxes = Object.entries(PLACES).map(([place, name]) => `  ${shapeOf(place, name)}`);
  const lines = [...arrows].map(([arrow, rows]) => {
    const [from = '', to = ''] = arrow.split(' ');
    return `  ${from} -- "${rows.join(', ')}" --> ${to}`;
  });
  return ['```mermaid', 'flowchart LR', ...boxes, ...lines, '```'].join('\n');
}

/** Zones are squares; what lies between them is round. */
function shapeOf(place: string, name: string): string {
  const zones: readonly string[] = ['user', 'judge', 'hosts'] satisfies readonly Region[];
  return zones.includes(place) ? `${place}["${name}"]` : `${place}("${name}")`;
}

function renderTable(): string {
  const rows = CROSSINGS.map(({ from, to, what, known, refused, proofs }, index) => {
    const held = proofs.map(({ file, title }) => `\`${file}\` "${title}"`).join('; ');
    return `| ${index + 1} | ${PLACES[from]} → ${PLACES[to]} | ${what} | ${known} | ${refused} | ${held} |`;
  });
  return [
    '| | Way | What crosses | What the receiving side knows it by | Refused | Held by |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
