import { toLine } from './plain-text.ts';

/** A piece of a page: markup of ours, in which every text from elsewhere was escaped. */
export type Markup = { readonly markup: string };

/** What may stand in an element. A bare string may come from anywhere and is shown as it is. */
export type Content = string | Markup | readonly Content[];

/** Nothing here loads, runs or sends anything. */
type Tag =
  | 'article'
  | 'body'
  | 'caption'
  | 'code'
  | 'dd'
  | 'details'
  | 'div'
  | 'dl'
  | 'dt'
  | 'figcaption'
  | 'figure'
  | 'footer'
  | 'h1'
  | 'h2'
  | 'h3'
  | 'header'
  | 'li'
  | 'main'
  | 'p'
  | 'section'
  | 'span'
  | 'strong'
  | 'summary'
  | 'table'
  | 'tbody'
  | 'td'
  | 'th'
  | 'thead'
  | 'tr'
  | 'ul';
type Attributes = Readonly<
  Partial<Record<'class' | 'id' | 'scope' | 'tabindex' | 'role' | 'aria-label', string>>
>;

/** Letters that no XML 1.0 document may hold, beside those that no text of ours shows. */
const NOT_XML = /[\ufffe\uffff]/g;
const WEB_ADDRESS = /^https?:\/\//;
/** No script, no font, no picture from elsewhere: whatever a text said, a browser would load nothing for it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A text from elsewhere as one line that is no markup, in HTML and in XML. */
export function escapeMarkup(text: string): string {
  return toLine(text)
    .replaceAll(NOT_XML, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** One element of a page. */
export function element(tag: Tag, attributes: Attributes, ...children: readonly Content[]): Markup {
  const written = Object.entries(attributes).map(([name, value]) => ` ${name}="${escapeMarkup(value)}"`);
  return { markup: `<${tag}${written.join('')}>${writeContent(children)}</${tag}>` };
}

/** A link that a reader may follow; only its text where the address is none of the web. */
export function link(text: string, url: string): Markup {
  if (!WEB_ADDRESS.test(url)) return { markup: escapeMarkup(text) };
  return { markup: `<a href="${escapeMarkup(url)}" rel="noreferrer">${escapeMarkup(text)}</a>` };
}

/** A text from elsewhere in which what stands in backticks is shown as code. */
export function prose(text: string): Markup {
  const parts = toLine(text).split('`');
  const isPaired = parts.length % 2 === 1;
  const written = parts.map((part, index) =>
    index % 2 === 1 ? element('code', {}, part).markup : escapeMarkup(part),
  );
  return { markup: isPaired ? written.join('') : escapeMarkup(text) };
}

/** A whole page in one file that needs nothing else: HTML that is well-formed XML, too. `style` is ours alone. */
export function renderDocument(title: string, style: string, body: Markup): string {
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8"/>',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}"/>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
    '<meta name="color-scheme" content="light dark"/>',
    `<title>${escapeMarkup(title)}</title>`,
    `<style>${style}</style></head>`,
    `${body.markup}</html>\n`,
  ].join('\n');
}

function writeContent(content: Content): string {
  if (typeof content === 'string') return escapeMarkup(content);
  if ('markup' in content) return content.markup;
  return content.map(writeContent).join('');
}
