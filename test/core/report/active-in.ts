/** What reads a text as GitHub does, letter by letter, written from its specification (GFM 0.29) and not from what escapes it here. */

const PUNCTUATION = new Set('!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~');
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };
const isWord = (letter: string | undefined) => letter !== undefined && /[A-Za-z0-9]/.test(letter);

/** What turns, hides or moves letters, or is half of one. Tabs and line feeds do not. */
function unseen(text: string): readonly string[] {
  return Array.from(text).flatMap((letter) => {
    const code = letter.codePointAt(0) ?? 0;
    const isControl = (code < 0x20 && code !== 0x09 && code !== 0x0a) || (code >= 0x7f && code <= 0x9f);
    const isBidi =
      code === 0x61c ||
      code === 0x200e ||
      code === 0x200f ||
      (code >= 0x202a && code <= 0x202e) ||
      (code >= 0x2066 && code <= 0x2069);
    const isBreak = code === 0x2028 || code === 0x2029;
    const isHalf = code >= 0xd800 && code <= 0xdfff;
    return isControl || isBidi || isBreak || isHalf ? [`U+${code.toString(16)}`] : [];
  });
}

/** What in a log a runner obeys, or a terminal. */
export function activeInLog(log: string): readonly string[] {
  const commands = log.split('\n').flatMap((line) => {
    const isCommand = line.trimStart().startsWith('::');
    return isCommand || line.includes('##[') ? [`command: ${line}`] : [];
  });
  return [...unseen(log), ...commands];
}

/** What of a line of Markdown is more than text. A table's cell ends at a pipe, also in code. */
export function activeInLine(line: string, place: 'table' | 'line' = 'line'): readonly string[] {
  const found: string[] = [...unseen(line)];
  if (line.includes('\n')) found.push('a second line');
  if (line.includes('<!--')) found.push('a mark');
  let shown = '';
  for (let at = 0; at < line.length; ) {
    const letter = line[at] ?? '';
    const next = line[at + 1];
    const isEscape = letter === '\\' && next !== undefined && PUNCTUATION.has(next);
    if (isEscape) {
      shown += next;
      at += 2;
    } else if (letter === '`') {
      const fence = runOf(line, at);
      const end = closingOf(line, at + fence, fence);
      const code = end === undefined ? '' : line.slice(at + fence, end);
      if (place === 'table' && /(?<!\\)\|/.test(code)) found.push('a cell in code');
      // What stands in code is shown as it is, and is no part of the text around it.
      shown += end === undefined ? '`'.repeat(fence) : '\u0000';
      at = end === undefined ? at + fence : end + fence;
    } else {
      const entity = Object.keys(ENTITIES).find((one) => line.startsWith(one, at));
      if (letter === '&' && entity === undefined && /^&(?:#\d+|#x[\da-f]+|\w+);/i.test(line.slice(at)))
        found.push('an entity');
      if (letter === '<' && next !== undefined && /[A-Za-z/!?]/.test(next))
        found.push(`HTML: ${line.slice(at, at + 20)}`);
      if ('*_~$'.includes(letter)) found.push(letter);
      if (letter === ']' && next !== undefined && '([:'.includes(next)) found.push('a link');
      if (letter === '[' && next === '^') found.push('a footnote');
      if (letter === '|' && place === 'table') found.push('a cell');
      shown += entity === undefined ? letter : ENTITIES[entity];
      at += entity === undefined ? 1 : entity.length;
    }
  }
  return [...found, ...linkedIn(shown)];
}

/** What GitHub makes links of in text that is rendered already. */
function linkedIn(text: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const rest = text.slice(at, at + 12).toLowerCase();
    const before = text[at - 1];
    if (rest.startsWith('@') && isWord(rest[1])) found.push(`a mention: ${rest}`);
    if (rest.startsWith('#') && /[0-9]/.test(rest[1] ?? '')) found.push(`a reference: ${rest}`);
    if (rest.startsWith('gh-') && /[0-9]/.test(rest[3] ?? '') && !isWord(before))
      found.push(`a reference: ${rest}`);
    if (/^(?:https?|ftp):\/\//.test(rest)) found.push(`an address: ${rest}`);
    if (rest.startsWith('www.') && !isWord(before)) found.push(`an address: ${rest}`);
  }
  return found;
}

/** What a line begins that makes a block of it. */
export function activeAtStart(line: string): readonly string[] {
  const text = line.replace(/^ {0,3}/, '');
  const [first = '', second] = text;
  const isAlone = second === undefined || second === ' ' || second === '\t';
  const digits = text.match(/^\d{1,9}/)?.[0].length ?? 0;
  const isItem =
    digits > 0 && '.)'.includes(text[digits] ?? '?') && [' ', '\t', undefined].includes(text[digits + 1]);
  const starts = [
    ['a heading', /^#{1,6}(?:[ \t]|$)/.test(text)],
    ['an item', ('-+*'.includes(first) && first !== '' && isAlone) || isItem],
    ['a quotation', first === '>'],
    ['a rule', /^(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,}|=+[ \t]*|-+[ \t]*)$/.test(text)],
    ['a fence', text.startsWith('```') || text.startsWith('~~~')],
    ['code', /^(?: {4}|\t)/.test(line)],
  ] as const;
  return starts.flatMap(([what, is]) => (is ? [what] : []));
}

function runOf(line: string, from: number): number {
  let end = from;
  while (line[end] === '`') end += 1;
  return end - from;
}

function closingOf(line: string, from: number, length: number): number | undefined {
  for (let at = from; at < line.length; ) {
    const run = runOf(line, at);
    if (run === length) return at;
    at += Math.max(1, run);
  }
  return undefined;
}
