/** A drawing of that size, in pixels, that stands alone in a file. */
export function drawFrame(title: string, { width, height }: Size, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    drawText({ x: width / 2, y: 20, text: title, anchor: 'middle' }),
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

export type Size = { readonly width: number; readonly height: number };

type Label = {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly anchor: 'start' | 'middle' | 'end';
};

/** A line of text, whatever is in it. */
export function drawText({ x, y, text, anchor }: Label): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="#24292f">${escapeXml(text)}</text>`;
}

/** A line through points. */
export function drawPath(points: readonly (readonly [x: number, y: number])[], style: string): string {
  const shown = points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ');
  return `<polyline points="${shown}" fill="none" ${style}/>`;
}

/** Coordinates need no more digits than a screen has pixels. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escapeXml(text: string): string {
  const shown = Array.from(text, (character) => ESCAPES[character] ?? character).join('');
  // XML has no words for these.
  return shown.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
