import type { SearchResult } from './search-result.ts';
import { drawFrame, drawText, round } from './svg.ts';

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
    const width = round((WIDTH - LEFT - RIGHT) * Math.max(0, Math.min(1, share)));
    return [
      drawText({ x: LEFT - 10, y: y + 14, text: name, anchor: 'end' }),
      `<rect x="${LEFT}" y="${y}" width="${width}" height="18" fill="#0969da"/>`,
      drawText({ x: LEFT + width + 6, y: y + 14, text: `${(share * 100).toFixed(0)} %`, anchor: 'start' }),
    ];
  });
  const size = { width: WIDTH, height: TOP + rows.length * ROW + 20 };
  return drawFrame(`Importance of the parameters (${importances.method})`, size, bars);
}
