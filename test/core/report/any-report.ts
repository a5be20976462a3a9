import fc from 'fast-check';
import type { Place } from '../../../core/report/limits.ts';
import type { Block, Report, Text } from '../../../core/report/report.ts';

/** The run that reports link to. */
export const RUN = 'https://github.com/acme/digits/actions/runs/1';

/** Every place where a report may be shown. */
export const PLACES: readonly Place[] = [
  { kind: 'summary' },
  { kind: 'comment', runUrl: RUN },
  { kind: 'section', runUrl: RUN },
  { kind: 'issue', runUrl: RUN },
];

/** Text that tries everything Markdown, HTML and GitHub make something of. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('<!--', '-->', '</details>', '|', '`', '``|', '\n', '@a', '\\', '\\|', '<script>'),
  fc.constantFrom('<!-- trainyard:end deploy -->', '#12', 'GH-7', 'www.x.de', 'http://x.de', '[a](http://b)'),
  fc.constantFrom(
    '# a',
    '> a',
    '- ',
    '+ a',
    '1. a',
    '---',
    '===',
    '```',
    '~~~',
    '~~a~~',
    '**a**',
    '_a_',
    '$a$',
  ),
  fc.constantFrom(
    '![a](b)',
    '[a]: http://b',
    '&lt;',
    '&#64;a',
    '<',
    '>',
    '@',
    '#',
    '1',
    ' ',
    'https:',
    '//a.b',
  ),
);
const anyLine: fc.Arbitrary<Text> = fc.oneof(
  anyText,
  fc.array(
    fc.oneof(
      anyText,
      fc.record({ kind: fc.constantFrom('strong' as const, 'code' as const), text: anyText }),
      fc.record({ kind: fc.constant('link' as const), text: anyText, url: fc.constantFrom(RUN, 'data:x') }),
    ),
    { maxLength: 4 },
  ),
);
const anyLeaf: fc.Arbitrary<Block> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('heading' as const, 'paragraph' as const, 'warning' as const),
    text: anyLine,
  }),
  fc.record({ kind: fc.constant('list' as const), items: fc.array(anyLine, { maxLength: 3 }) }),
  fc.record({
    kind: fc.constant('table' as const),
    columns: fc.tuple(anyText, anyText),
    rows: fc.array(fc.tuple(anyLine, anyLine), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('code' as const), text: anyText }),
  fc.record({
    kind: fc.constant('chart' as const),
    title: anyText,
    x: anyText,
    y: anyText,
    values: fc.array(fc.double(), { maxLength: 50 }),
    level: fc.double(),
  }),
);
const anyBlock: fc.Arbitrary<Block> = fc.oneof(
  { weight: 4, arbitrary: anyLeaf },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('details' as const),
      title: anyText,
      blocks: fc.array(anyLeaf, { maxLength: 3 }),
    }),
  },
);
/** A report of every kind of block, filled with such text. */
export const anyReport: fc.Arbitrary<Report> = fc.record({
  sign: fc.constantFrom('planned' as const, 'failed' as const),
  about: anyText,
  blocks: fc.array(anyBlock, { maxLength: 5 }),
  foot: fc.array(anyBlock, { maxLength: 2 }),
});
