import { describe, expect, test } from 'vitest';
import type { GateResult } from '../../../core/gate/gate-input.ts';
import { judgeGate } from '../../../core/gate/judge/gate.ts';
import { reportGate } from '../../../core/gate/report-gate.ts';
import type { GateRule } from '../../../core/gate/rules/rule.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { binaryModels, gateInput } from './samples.ts';

const RULES: GateRule[] = [
  { kind: 'floor', metric: 'accuracy', floor: 0.9 },
  { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: 0.005 },
  { kind: 'slices', metric: 'accuracy', column: 'parity', policy: 'guard', margin: 0 },
  { kind: 'signature' },
];
const MODELS = binaryModels({ both: 4500, onlyChampion: 75, onlyChallenger: 90, neither: 335 });

function lines(rules: GateRule[], models: Parameters<typeof gateInput>[1] = MODELS, more = {}): string[] {
  return show(judgeGate(gateInput(rules, models, more))).split('\n');
}

/** What stands below the title in the section of a pull request's comment. */
function show(result: GateResult, notes: readonly string[] = []): string {
  const shown = renderMarkdown(reportGate(result, { notes }), { kind: 'section', runUrl: 'https://run' });
  return shown.split('\n').slice(2).join('\n');
}

test('the first line is the verdict in one sentence, its word in bold', () => {
  expect(lines(RULES.slice(0, 3))[0]).toMatch(
    /^\*\*Not worse\*\*: accuracy 91\.8% \(challenger v8\) against 91\.5% \(champion v7\) on the same 5\u2009000 examples; \+0\.3 pp, 95% sure of better than −0\.13 pp \(margin −0\.5 pp\)\.$/,
  );
});

test('the checks follow as a table, failing rows first', () => {
  const rows = lines(RULES).filter((line) => line.startsWith('| ') && line.includes('('));
  expect(rows.slice(0, 2)).toEqual([
    '| signature (signature) |  |  |  | present | ❌ fail |',
    '| accuracy (floor) |  | 91.8% |  | ≥ 90.0% | ✅ pass |',
  ]);
  expect(rows[2]).toBe(
    '| accuracy (compare: non-inferior) | 91.5% | 91.8% | +0.3 pp [−0.13 pp, +0.72 pp] | at most 0.5 pp worse | ✅ pass |',
  );
});

test('what would settle an open verdict stands before the folded details, and the command after them', () => {
  const small = binaryModels({ both: 180, onlyChampion: 4, onlyChallenger: 5, neither: 11 });
  const text = lines(RULES.slice(0, 3), small).join('\n');
  const places = [
    text.indexOf('What would settle it:'),
    text.indexOf('a margin of 0.5 pp needs about'),
    text.indexOf('<details><summary>Slices'),
    text.indexOf('<details><summary>Reasons'),
    text.indexOf('node scripts/replay.ts gate evidence.json'),
  ];
  expect(places).not.toContain(-1);
  expect(places).toEqual([...places].sort((a, b) => a - b));
});

test('what it was judged by is noted before the folded details, as text', () => {
  const result = judgeGate(gateInput(RULES.slice(0, 3), MODELS));
  const text = show(result, ['This commit changes `gate[0].margin` from 0.01 to <b>; judged by 0.01.']);
  expect(text).toContain('- This commit changes `gate[0].margin` from 0.01 to &lt;b&gt;; judged by 0.01.\n');
  expect(text.indexOf('This commit')).toBeLessThan(text.indexOf('<details>'));
});

test('boxes and notes stand under a title of their own, not in the list of what would settle it', () => {
  const small = binaryModels({ both: 180, onlyChampion: 4, onlyChallenger: 5, neither: 11 });
  const boxes = { training: 'namespaces', challenger: 'namespaces' } as const;
  const text = show({ ...judgeGate(gateInput(RULES.slice(0, 3), small)), boxes });
  expect(text).toMatch(
    /What would settle it:\n(?:.*\n)*\nHow it was judged:\n\n- Trained and predicted in boxes/,
  );
});

test.each<[Partial<Record<'floor' | 'ceiling', number>>, string]>([
  [{ floor: 0.9 }, 'floor'],
  [{ ceiling: 0.99 }, 'ceiling'],
  [{ floor: 0.9, ceiling: 0.99 }, 'floor and ceiling'],
])('a limit is called by the words of the configuration: %j', (limits, name) => {
  expect(lines([{ kind: 'floor', metric: 'accuracy', ...limits }]).join('\n')).toContain(
    `| accuracy (${name}) |`,
  );
});

test('every details block is closed and has an empty line where Markdown needs one', () => {
  const text = lines(RULES).join('\n');
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  for (const opened of text.matchAll(/<details><summary>.*<\/summary>\n(?<next>.*)/g))
    expect(opened.groups?.['next']).toBe('');
});

describe('text from data', () => {
  const hostile = [
    'x | y',
    '@everyone',
    '<img src=x onerror=alert(1)>',
    '[click](http://evil)',
    '`code` `x|y`',
    'line\nbreak',
    '</details>',
  ];
  const named = (model: typeof MODELS.champion) => ({
    ...model,
    slices: { parity: model.ids.map((_, row) => hostile[row % hostile.length] ?? '') },
  });
  const text = lines(RULES, { champion: named(MODELS.champion), challenger: named(MODELS.challenger) }).join(
    '\n',
  );

  test('breaks no table: every row has as many cells as its head', () => {
    const cells = (line: string): number => line.replaceAll('\\|', '').split('|').length;
    const blocks = text.split('\n\n').filter((block) => block.startsWith('| '));
    expect(blocks.length).toBeGreaterThan(1);
    for (const block of blocks) expect(new Set(block.split('\n').map(cells)).size, block).toBe(1);
  });

  test('mentions nobody, embeds nothing and closes nothing', () => {
    expect(text).not.toMatch(/@everyone|<img|(?<!\\)\[click|http:\/\//);
    expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length);
  });
});

describe('the length', () => {
  const column = (model: typeof MODELS.champion, values: number) => ({
    ...model,
    slices: { parity: model.ids.map((_, row) => `${'a long name '.repeat(8)}${row % values}`) },
  });

  test('stays readable with a hundred slices: the worst are shown, the rest counted', () => {
    const text = lines(RULES, {
      champion: column(MODELS.champion, 100),
      challenger: column(MODELS.challenger, 100),
    }).join('\n');
    expect(text).toContain('and 70 more slices in the evidence file.');
    expect(text.length).toBeLessThan(20_000);
  });

  test('drops the details before a check when there is too much, and says so', () => {
    const rules = Array.from(
      { length: 40 },
      (_, index): GateRule => ({
        kind: 'slices',
        metric: 'accuracy',
        column: 'parity',
        policy: 'guard',
        margin: index / 1000,
      }),
    );
    const text = lines(rules, {
      champion: column(MODELS.champion, 40),
      challenger: column(MODELS.challenger, 40),
    }).join('\n');
    expect(text.length).toBeLessThanOrEqual(20_000);
    expect(text).toMatch(
      /_Cut to fit a comment: .* The whole report is in the summary of the \[workflow run\]/,
    );
    expect(text.match(/slices: guard/g)?.length).toBe(40);
    expect(text).toContain('node scripts/replay.ts');
  });

  test('never exceeds its limit however many checks there are', () => {
    const rules = Array.from(
      { length: 600 },
      (): GateRule => ({ kind: 'floor', metric: 'accuracy', floor: 0.99 }),
    );
    const text = lines(rules).join('\n');
    expect(text.length).toBeLessThanOrEqual(20_000);
    expect(text).toMatch(/^\*\*Blocked\*\*: .* 599 more checks failed\./);
  });
});
