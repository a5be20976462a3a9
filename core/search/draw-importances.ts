import { drawSheet, label, shape } from '../pictures/svg.ts';
import type { SearchResult } from './search-result.ts';

const WIDTH = 640;
const LEFT = 160;
const RIGHT = 60;
const ROW = 28;
const TOP = 40;

/** How much of the differences each parameter explains, as SVG; nothing where that could not be told. */
export function drawImportances({ importances }: SearchResult): string | undefined {
  if (importances === null) return undefined;
  const rows = Object.entries(importances.values).toSorted(([, left], [, right]) => right - left);
  const bars = rows.flatMap(([name, share], index) => {
    const y = TOP + index * ROW;
    const width = (WIDTH - LEFT - RIGHT) * Math.max(0, Math.min(1, share));
    return [
      label(name, { x: LEFT - 10, y: y + 14, anchor: 'end' }),
      shape('rect', { x: LEFT, y, width, height: 18, class: 'challenger-fill' }),
      label(`${(share * 100).toFixed(0)} %`, { x: LEFT + width + 6, y: y + 14 }),
    ];
  });
  const title = `Importance of the parameters (${importances.method})`;
  const description = rows.map(([name, share]) => `${name} ${(share * 100).toFixed(0)} %`).join(', ');
  const height = TOP + rows.length * ROW + 20;
  return drawSheet({ title, description, width: WIDTH, height }, [
    label(title, { x: WIDTH / 2, y: 20, anchor: 'middle', style: 'strong' }),
    ...bars,
  ]);
}
