const ZERO_WIDTH_SPACE = '\u200b';
const MARKUP = /[\\[\]<>*_~|#]/g;
const LINE_BREAKS = /\s*[\r\n\u2028\u2029]+\s*/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g;
/**
 * Not with angle brackets: a comment is found by its marker, also where Markdown would only show it. Not with backslashes: before a
 * pipe they would end the table cell.
 */
const CODE_SPAN = /`[^`\r\n<>\\]+`/g;

/**
 * A text from elsewhere as one line of Markdown that shows it and does nothing else: no markup, no HTML or comment, no table cell of
 * its own, no mention, no reference to an issue. Code spans in backticks stay code spans.
 */
export function escapeMarkdown(text: string): string {
  const line = stripControl(text).replaceAll(LINE_BREAKS, ' ').trim();
  let escaped = '';
  let end = 0;
  for (const span of line.matchAll(CODE_SPAN)) {
    escaped += escapeProse(line.slice(end, span.index)) + escapeSpan(span[0]);
    end = span.index + span[0].length;
  }
  return escaped + escapeProse(line.slice(end));
}

/** A text from elsewhere as one line of HTML: inside a tag GitHub reads no Markdown. */
export function escapeHtml(text: string): string {
  return stripControl(text)
    .replaceAll(LINE_BREAKS, ' ')
    .trim()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', `@${ZERO_WIDTH_SPACE}`);
}

/** A text as a block of code, whatever fences it holds. */
export function codeBlock(text: string): string {
  const clean = stripControl(text).replaceAll('\r\n', '\n').trimEnd();
  const longest = [...clean.matchAll(/`+/g)].reduce((length, [run]) => Math.max(length, run.length), 0);
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}text\n${clean}\n${fence}`;
}

/** A link, or only its text when the address is not one of the web. */
export function markdownLink(text: string, url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return escapeMarkdown(text);
  const address = parsed.href.replaceAll(/[()<>\s|]/g, (character) => encodeURIComponent(character));
  return `[${escapeMarkdown(text)}](${address.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}

/** A text without control characters, terminal sequences and direction marks. */
function stripControl(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences begin with one.
  return text.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll(CONTROL, '');
}

function escapeProse(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll(MARKUP, (character) =>
      character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`,
    )
    .replaceAll('`', '\\`')
    .replaceAll('@', `@${ZERO_WIDTH_SPACE}`)
    .replaceAll(/#(?=\d)/g, `#${ZERO_WIDTH_SPACE}`)
    .replaceAll(/\b(?<scheme>https?|ftp):\/\//gi, `$<scheme>:${ZERO_WIDTH_SPACE}//`)
    .replaceAll(/\b(?<site>www)\./gi, `$<site>${ZERO_WIDTH_SPACE}.`)
    .replaceAll(/\b(?<word>gh)-(?=\d)/gi, `$<word>-${ZERO_WIDTH_SPACE}`);
}

/** A pipe ends a table cell even inside a code span. */
function escapeSpan(span: string): string {
  return span.replaceAll('|', '\\|');
}
