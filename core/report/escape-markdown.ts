import { toLine, toLines } from './plain-text.ts';

const ZERO_WIDTH_SPACE = '\u200b';
const MARKUP = /[\\[\]<>*_~|#$]/g;
/** What makes an item of a list, a rule or a heading of the line it begins. */
const LINE_START = /^(?<number>\d{0,9})(?<sign>[-+.)=])(?=\s|-|=|$)/;
/**
 * Not with angle brackets: a comment is found by its marker, also where Markdown would only show it. Not with backslashes: before a
 * pipe they would end the table cell.
 */
const CODE_SPAN = '`[^`\\r\\n<>\\\\]+`';
const BOUND = '[+\u2212-]?(?:\\d[\\d.,\u2009]*(?:e[+\u2212-]?\\d+)?|\u221e)(?:%|x| pp| ms)?';
/** `[0.9, 4.5]`: two numbers in brackets are no link, and read better without backslashes. */
const INTERVAL = `\\[${BOUND}, ${BOUND}\\](?![([:])`;
const KEPT = new RegExp(`${CODE_SPAN}|${INTERVAL}`, 'g');

/**
 * A text from elsewhere as one line of Markdown that shows it and does nothing else: no markup, no HTML or comment, no table cell of
 * its own, no mention, no reference to an issue. Code spans in backticks stay code spans.
 */
export function escapeMarkdown(text: string): string {
  const line = toLine(text);
  let escaped = '';
  let end = 0;
  for (const { 0: kept, index } of line.matchAll(KEPT)) {
    escaped += escapeProse(line.slice(end, index)) + escapeSpan(kept);
    end = index + kept.length;
  }
  return escaped + escapeProse(line.slice(end));
}

/** A line that would begin a list, draw a rule or make a heading, without doing so. Takes what is escaped already. */
export function escapeLineStart(line: string): string {
  return line.replace(LINE_START, '$<number>\\$<sign>');
}

/** Whether a text can be shown as a code span: it holds nothing that would end one, or be found in it. */
export function fitsCodeSpan(text: string): boolean {
  return /^[^`<>\\]+$/.test(toLine(text).trim());
}

/** A text that fits into a code span as one. */
export function codeSpan(text: string): string {
  return escapeSpan(`\`${toLine(text).trim()}\``);
}

/** A text from elsewhere as one line of HTML: inside a tag GitHub reads no Markdown. */
export function escapeHtml(text: string): string {
  const line = toLine(text).trim();
  return disarm(line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
}

/** A text as a block of code, whatever fences it holds. */
export function codeBlock(text: string): string {
  const clean = toLines(text).trimEnd();
  const longest = [...clean.matchAll(/`+/g)].reduce((length, [run]) => Math.max(length, run.length), 0);
  const fence = '`'.repeat(Math.max(3, longest + 1));
  // Our marks are looked for in the text of a comment, code or not.
  return `${fence}text\n${clean.replaceAll('<!--', `<!${ZERO_WIDTH_SPACE}--`)}\n${fence}`;
}

/** Whether an address is one of the web; nothing else is linked to. */
export function isWebAddress(url: string): boolean {
  return /^https?:$/.test(URL.parse(url)?.protocol ?? '');
}

/** A link to an address of the web. */
export function markdownLink(text: string, url: string): string {
  const address = new URL(url).href.replaceAll(/[<>\s|\\]/g, (character) => encodeURIComponent(character));
  return `[${escapeMarkdown(text).trim()}](${address.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}

function escapeProse(text: string): string {
  const marked = text
    .replaceAll('&', '&amp;')
    .replaceAll(MARKUP, (character) =>
      character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`,
    )
    .replaceAll('`', '\\`');
  return disarm(marked);
}

/** GitHub makes links of mentions, references and addresses wherever they stand. */
function disarm(text: string): string {
  return text
    .replaceAll('@', `@${ZERO_WIDTH_SPACE}`)
    .replaceAll(/#(?=\d|$)/g, `#${ZERO_WIDTH_SPACE}`)
    .replaceAll('://', `:${ZERO_WIDTH_SPACE}//`)
    .replaceAll(/(?<![a-z\d])(?<site>www)\./gi, `$<site>${ZERO_WIDTH_SPACE}.`)
    .replaceAll(/(?<![a-z\d])(?<word>gh)-(?=\d)/gi, `$<word>-${ZERO_WIDTH_SPACE}`);
}

/** A pipe ends a table cell even inside a code span. */
function escapeSpan(span: string): string {
  return span.replaceAll('|', '\\|');
}
