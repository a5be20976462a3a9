import { plainLine, plainLines } from '../../../core/report/plain-text.ts';
import { renderBlock } from '../../../core/report/render-block.ts';
import { activeAtStart, activeInLine, activeInLog } from './active-in.ts';

const ATOMS = [
  ...[
    '::',
    ':',
    '##',
    '#',
    '[',
    ']',
    '](',
    '(',
    ')',
    '![',
    '[^1]',
    ']:',
    '[x] ',
    '\\',
    '\\\\',
    '`',
    '``',
    '```',
    '~~~',
    '~',
  ],
  ...[
    '*',
    '**',
    '_',
    '$',
    '$$',
    '|',
    '||',
    '<',
    '>',
    '<!--',
    '-->',
    '</',
    '<a ',
    '<img src=x>',
    '&',
    '&#64;',
    '&lt;',
    '&amp;',
    '@',
    '@a',
    '#1',
    'GH-1',
    'gh-',
    '1',
  ],
  ...[
    'http',
    'https',
    '://',
    'www',
    'www.',
    '.',
    'x.de',
    'add-mask',
    'set-output name=a',
    'error file=a,line=1',
    '=',
    '==',
    '-',
    '--',
    '---',
    '+',
    '1.',
    '2)',
  ],
  ...[
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '  ',
    '\u00a0',
    '\u3000',
    '\u0085',
    '\u2028',
    '\u2029',
    '\v',
    '\f',
    '\0',
    '\u0007',
    '\u001b[',
    '\u001b]8;;',
    '\u009b',
    '\u009d',
    '\u009c',
    '31m',
    'm',
  ],
  ...[
    '\u202e',
    '\u2066',
    '\u200f',
    '\u061c',
    '\u200b',
    '\ufeff',
    '\ud800',
    '\udc00',
    '🚆',
    '模',
    'a',
    'B',
    'mallory',
    '0.5, 1',
    '`a|b`',
    '[0.5, 1](',
    '%',
    '!',
    '{',
    '}',
    '"',
    "'",
  ],
];
/** The run that links lead to. */
const RUN = 'https://github.com/acme/digits/actions/runs/1';

/** Numbers below one that follow from the seed (mulberry32). */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What lies between a beginning and an end; all of it where it does not lie so. */
function within(text: string, start: string, end = ''): string {
  return text.startsWith(start) && text.endsWith(end)
    ? text.slice(start.length, text.length - end.length)
    : text;
}

/** What is active of a text where it is shown, place by place. */
const PLACES: Readonly<Record<string, (text: string) => readonly string[]>> = {
  line: (text) => [
    ...activeInLog(plainLine(text)),
    ...(plainLine(text).includes('\n') ? ['a second line'] : []),
  ],
  lines: (text) => activeInLog(plainLines(text)),
  paragraph: (text) => {
    const line = renderBlock({ kind: 'paragraph', text });
    return [...activeInLine(line), ...activeAtStart(line)];
  },
  heading: (text) => activeInLine(within(renderBlock({ kind: 'heading', text }), '#### ')),
  warning: (text) => {
    const line = within(renderBlock({ kind: 'warning', text }), '> [!WARNING]\n> ');
    return [...activeInLine(line), ...activeAtStart(line)];
  },
  item: (text) => {
    const line = within(renderBlock({ kind: 'list', items: [text] }), '- ');
    return [...activeInLine(line), ...activeAtStart(line)];
  },
  cell: (text) => {
    const table = renderBlock({ kind: 'table', columns: ['a', 'b'], rows: [[text, 'z']] });
    return activeInLine(within(table, '| a | b |\n|---|---|\n| ', ' | z |'), 'table');
  },
  'code in a cell': (text) => {
    const code = [{ kind: 'code', text }] as const;
    const table = renderBlock({ kind: 'table', columns: ['a', 'b'], rows: [[code, 'z']] });
    return activeInLine(within(table, '| a | b |\n|---|---|\n| ', ' | z |'), 'table');
  },
  strong: (text) => {
    const line = renderBlock({ kind: 'paragraph', text: ['a ', { kind: 'strong', text }, ' z'] });
    return activeInLine(within(within(line, 'a ', ' z'), '**', '**'));
  },
  code: (text) =>
    activeInLine(renderBlock({ kind: 'paragraph', text: ['a ', { kind: 'code', text }, ' z'] })),
  link: (text) => {
    const line = renderBlock({ kind: 'paragraph', text: [{ kind: 'link', text, url: RUN }] });
    return activeInLine(within(line, '[', `](${RUN})`));
  },
  fold: (text) => {
    const fold = renderBlock({ kind: 'details', title: text, blocks: [] });
    const title = within(fold, '<details><summary>', '</summary>\n\n</details>');
    // Inside a tag there is no Markdown: backslashes, backticks and signs of it are shown as they are.
    return activeInLine(title.replaceAll(/[\\`*_~$[\]|]/g, ' '));
  },
};

/** What was active of so many texts, each with its place; and of how many it would have been, had nobody made them plain. */
export function fuzzTexts(
  seed: number,
  count: number,
): { readonly active: readonly string[]; readonly raw: number } {
  const draw = draws(seed);
  const places = Object.entries(PLACES);
  const active: string[] = [];
  let raw = 0;
  for (let index = 0; index < count; index += 1) {
    const length = 1 + Math.floor(draw() * 10);
    const text = Array.from({ length }, () => ATOMS[Math.floor(draw() * ATOMS.length)]).join('');
    if ([...activeInLog(text), ...activeInLine(text), ...activeAtStart(text)].length > 0) raw += 1;
    for (const [place, look] of places) {
      for (const what of look(text)) active.push(`${place}: ${what}: ${JSON.stringify(text)}`);
    }
  }
  return { active, raw };
}
