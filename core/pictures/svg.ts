import { escapeMarkup, type Markup } from '../report/html.ts';
import { toLine } from '../report/plain-text.ts';

/** A piece of a picture. Only this file makes one, so that what it holds is markup of ours and text that was escaped. */
export type Shape = Markup;

type Tag = 'g' | 'rect' | 'line' | 'circle' | 'polyline' | 'path' | 'polygon';
type Attribute =
  | 'x'
  | 'y'
  | 'x1'
  | 'x2'
  | 'y1'
  | 'y2'
  | 'cx'
  | 'cy'
  | 'r'
  | 'rx'
  | 'width'
  | 'height'
  | 'points'
  | 'class'
  | 'opacity'
  | 'stroke-opacity'
  | 'transform';

/** Nothing here can name a script, a handler or an address. */
type Attributes = Readonly<Partial<Record<Attribute, string | number>>>;

/** One element; numbers are rounded to hundredths. */
export function shape(tag: Tag, attributes: Attributes, children: readonly Shape[] = []): Shape {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${writeValue(value)}"`);
  const inner = children.map(({ markup }) => markup).join('');
  const start = `<${tag}${written.join('')}`;
  return { markup: inner === '' ? `${start}/>` : `${start}>${inner}</${tag}>` };
}

/** How a line of text stands to its place. */
type Place = {
  readonly x: number;
  readonly y: number;
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly style?: string;
  /** Degrees, clockwise, around its place. */
  readonly turned?: number;
};

/** A line of text that may come from anywhere; longer than `longest` letters it ends early, with an ellipsis. */
export function label(text: string, { x, y, anchor, style, turned }: Place, longest?: number): Shape {
  const attributes = [
    ` x="${writeValue(x)}" y="${writeValue(y)}"`,
    anchor === undefined ? '' : ` text-anchor="${anchor}"`,
    style === undefined ? '' : ` class="${style}"`,
    turned === undefined
      ? ''
      : ` transform="rotate(${writeValue(turned)} ${writeValue(x)} ${writeValue(y)})"`,
  ].join('');
  return { markup: `<text${attributes}>${escapeMarkup(shortenText(text, longest))}</text>` };
}

/** What a whole picture is called, what it shows in a sentence, and how large it is drawn. */
type Sheet = {
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
};

/**
 * A whole picture: one file that needs nothing else, runs nothing and loads nothing. It is drawn on paper of its own, light or dark as the
 * reader's screen is.
 */
export function drawSheet({ title, description, width, height }: Sheet, shapes: readonly Shape[]): string {
  const paper = shape('rect', { x: 0, y: 0, width, height, class: 'paper' });
  const body = [paper, ...shapes].map(({ markup }) => markup).join('\n');
  const size = `viewBox="0 0 ${writeValue(width)} ${writeValue(height)}" width="${writeValue(width)}" height="${writeValue(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-labelledby="title description">`,
    `<title id="title">${escapeMarkup(title)}</title>`,
    `<desc id="description">${escapeMarkup(description)}</desc>`,
    `<style>${pictureStyle('svg')}</style>`,
    body,
    '</svg>\n',
  ].join('\n');
}

/**
 * The same picture as a part of a page, which has `pictureStyle` once for all of them. It is as wide as its place allows, and is read
 * aloud as its description.
 */
export function embedSheet(
  { description, width, height }: Omit<Sheet, 'title'>,
  shapes: readonly Shape[],
): Markup {
  const body = shapes.map(({ markup }) => markup).join('');
  const size = `viewBox="0 0 ${writeValue(width)} ${writeValue(height)}"`;
  return { markup: `<svg ${size} role="img" aria-label="${escapeMarkup(description)}">${body}</svg>` };
}

/** A text that takes at most so many letters, none of them in half. */
export function shortenText(text: string, longest = Number.POSITIVE_INFINITY): string {
  const letters = Array.from(toLine(text));
  return letters.length <= longest ? letters.join('') : `${letters.slice(0, longest - 1).join('')}…`;
}

function writeValue(value: string | number): string {
  if (typeof value === 'string') return escapeMarkup(value);
  return Number.isFinite(value) ? String(Math.round(100 * value) / 100) : '0';
}

/** The colours of GitHub's own pages. Texts have a contrast of 4.5 and more to the paper. */
const LIGHT =
  '--paper:#fff;--ink:#1f2328;--muted:#59636e;--grid:#e3e8ed;--axis:#afb8c1;--champion:#7d8590;--challenger:#0969da;--wrong:#bc4c00;--on:#fff';
const DARK =
  '--paper:#0d1117;--ink:#e6edf3;--muted:#9198a1;--grid:#262c36;--axis:#4d5560;--champion:#9198a1;--challenger:#58a6ff;--wrong:#f0883e;--on:#0d1117';

/**
 * What all pictures below `scope` look like: the champion is grey and dashed, the challenger blue and whole, what is wrong is orange and
 * square, so that nobody has to tell them by colour. On paper they are light.
 */
export function pictureStyle(scope: 'svg' | ':root'): string {
  return `
svg{font:12px system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-variant-numeric:tabular-nums}
${scope}{${LIGHT}}
@media screen and (prefers-color-scheme:dark){${scope}{${DARK}}}
text{fill:var(--ink)}.muted{fill:var(--muted)}.small{font-size:11px}.tiny{font-size:10px}.head{font-size:15px;font-weight:600}.strong{font-weight:600}
.paper{fill:var(--paper)}.grid{stroke:var(--grid)}.axis{fill:none;stroke:var(--axis)}.guide{stroke:var(--muted);stroke-dasharray:2 3}
.champion{fill:none;stroke:var(--champion);stroke-width:2;stroke-dasharray:5 4}.challenger{fill:none;stroke:var(--challenger);stroke-width:2}.wrong{fill:none;stroke:var(--wrong);stroke-width:2}
.champion-bar{stroke:var(--champion);stroke-width:1.5}.challenger-bar{stroke:var(--challenger);stroke-width:1.5}.wrong-bar{stroke:var(--wrong);stroke-width:1.5}
.champion-fill{fill:var(--champion)}.challenger-fill{fill:var(--challenger)}.wrong-fill{fill:var(--wrong)}
.open-fill{fill:var(--paper);stroke:var(--challenger);stroke-width:1.5}.margin{stroke:var(--wrong);stroke-width:1.5;stroke-dasharray:4 3}
.on{fill:var(--on)}`.trim();
}
