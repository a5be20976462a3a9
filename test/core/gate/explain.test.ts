import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { describeExplanation } from '../../../core/gate/explain/describe-explanation.ts';
import {
  type Explanation,
  explanationSchema,
  type Importances,
} from '../../../core/gate/explain/explanation.ts';
import { showExplanation } from '../../../core/gate/explain/show-explanation.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { HOSTILE_TEXTS, hasControl } from '../report/hostile-texts.ts';

const NAMES = { champion: 'v7', challenger: 'v8' };
const ASKED = { method: 'auto', rows: 200, seconds: 60 };

const ASKED_OF_BOTH = { isAsked: true, champion: 'asked' } as const;
const ALONE = { isAsked: true, champion: 'none' } as const;
const NOBODY = { isAsked: false, champion: 'asked' } as const;

/** What the runtime writes of features with these importances. */
function explain(
  values: Readonly<Record<string, number | null>>,
  more: Partial<Importances> = {},
): Importances {
  const features = Object.entries(values).map(([name, value]) => ({ name, value, spread: 0.01 }));
  return {
    ...{ asked: ASKED, seconds: 3.14, evaluationSeconds: 1.3, method: 'permutation', measure: 'accuracy' },
    ...{ rows: 200, of: 10_000, values: features.length, grid: null, rounds: 5, done: features.length },
    ...{ features, slices: [], ...more },
  };
}

const CHALLENGER = explain(
  { income: 0.22, age: 0.001, region: 0.03 },
  { slices: [{ name: 'region=north', rows: 90, values: [0.3, -0.01, 0] }] },
);
const CHAMPION = explain(
  { income: 0.2, region: 0.12, age: 0 },
  { slices: [{ name: 'region=north', rows: 90, values: [0.1, 0.2, 0] }] },
);

describe('a report of what answers hang on', () => {
  test('names the most, what has changed most, and what it cost', () => {
    expect(describeExplanation({ challenger: CHALLENGER, champion: CHAMPION }, ASKED_OF_BOTH)).toEqual([
      "What the challenger's answers hang on most: income (+22.0 pp), region (+3.0 pp), age (+0.1 pp) (permutation, on 200 of 10\u2009000 rows: accuracy lost when it is shuffled among the rows.) It took 3.1 s, 2.4 times what its predictions did.",
      'Most changed since the champion: region, from +12.0 pp to +3.0 pp.',
    ]);
  });

  test('says nothing where nobody asked, and why there is nothing where somebody did', () => {
    expect(describeExplanation({ challenger: undefined, champion: CHAMPION }, NOBODY)).toEqual([]);
    const why = { asked: ASKED, seconds: 60, evaluationSeconds: 0, why: 'time' };
    expect(describeExplanation({ challenger: why, champion: undefined }, ALONE)).toEqual([
      "What the challenger's answers hang on is not shown: there was no time for it (models.explain.timeout: 60s). It took 60 s.",
    ]);
    expect(showExplanation({ challenger: why, champion: CHAMPION }, NAMES)).toEqual([]);
  });

  test('says so where somebody asked and nothing came that can be read', () => {
    expect(describeExplanation({ challenger: undefined, champion: undefined }, ASKED_OF_BOTH)).toEqual([
      expect.stringContaining('no explanation came that can be read'),
    ]);
    const lines = describeExplanation({ challenger: CHALLENGER, champion: undefined }, ASKED_OF_BOTH);
    expect(lines[1]).toMatch(/champion's answers hang on does not stand beside it: no explanation came/);
  });

  test('is of numbers that can be drawn: larger ones are no explanation', () => {
    const features = [
      { name: 'a', value: 1e308, spread: 0 },
      { name: 'b', value: -1e308, spread: 0 },
    ];
    expect(explanationSchema.safeParse({ ...CHALLENGER, features }).success).toBe(false);
    const largest = explain({ a: 1e100, b: -1e100 }, { measure: 'mae' });
    const [figure] = showExplanation(
      { challenger: explanationSchema.parse(largest), champion: undefined },
      NAMES,
    );
    expect(figure?.svg).not.toMatch(/NaN|Infinity/);
  });

  test('tells what was left out, why another method was taken, and that inputs are taken together', () => {
    const challenger = explain(
      { '0 … 19': 0.2, '20 … 39': null },
      { stopped: 'time', done: 1, instead: 'shap is not installed', values: 40 },
    );
    expect(describeExplanation({ challenger, champion: undefined }, ALONE).slice(1)).toEqual([
      'Its explanation ended early, with 1 of 2 inputs done: there was no time for more (models.explain.timeout: 60s).',
      'It is explained by permutation: shap is not installed.',
      'Its 40 inputs are not told one by one: they are taken together as 2.',
    ]);
  });

  test.each<[string, Partial<Importances>]>([
    ['another method', { method: 'shap', measure: 'attribution' }],
    ['other rows', { rows: 100 }],
    ['another picture', { grid: [7, 7] }],
  ])('does not set beside it a champion that was explained by %s', (_, more) => {
    const both = { challenger: CHALLENGER, champion: { ...CHAMPION, ...more } };
    expect(describeExplanation(both, ASKED_OF_BOTH).join(' ')).toContain(
      "What the champion's answers hang on does not stand beside it: it was explained otherwise",
    );
    const [figure] = showExplanation(both, NAMES);
    expect(figure?.svg).not.toContain('champion v7');
  });
});

describe('a figure of what answers hang on', () => {
  test('has both models, over all rows and by slice, in the order of the larger', () => {
    const [figure] = showExplanation({ challenger: CHALLENGER, champion: CHAMPION }, NAMES);
    const text = renderMarkdown({ sign: 'gate-passed', blocks: figure?.blocks ?? [] }, { kind: 'summary' });
    expect(text).toMatch(/income \| \+20\.0 pp \| \+22\.0 pp \|\n\| region \| \+12\.0 pp \| \+3\.0 pp/);
    expect(text).toContain('region=north, 90 rows:');
    expect(text).toMatch(/income \| \+10\.0 pp \| \+30\.0 pp/);
    for (const part of ['champion v7', 'challenger v8', 'region=north (90)', 'class="champion-fill"'])
      expect(figure?.svg).toContain(part);
    expect(figure?.svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  test('of a picture shows its tiles, and its report stays short', () => {
    const tiles = Object.fromEntries(Array.from({ length: 49 }, (_, place) => [`tile ${place}`, place / 49]));
    const grid: [number, number] = [7, 7];
    const slices = [{ name: 'digit=1', rows: 40, values: Object.values(tiles) }];
    const challenger = explain(tiles, { grid, slices, values: 784 });
    const [figure] = showExplanation({ challenger, champion: challenger }, NAMES);
    expect(figure?.svg.match(/<rect [^>]*challenger-fill/g)).toHaveLength(96);
    expect(
      renderMarkdown({ sign: 'gate-passed', blocks: figure?.blocks ?? [] }, { kind: 'summary' }).split('\n')
        .length,
    ).toBeLessThan(25);
  });

  test.each([[[0, 0]], [[2, 1_000_000_000]]] as const)('bears a grid of %j', (grid) => {
    const challenger = explain({ a: 1, b: null }, { grid: [...grid] });
    const [figure] = showExplanation({ challenger, champion: undefined }, NAMES);
    expect(figure?.svg).not.toMatch(/NaN|Infinity/);
    expect(figure?.svg.length).toBeLessThan(10_000);
  });

  test('shows texts from elsewhere as texts', () => {
    const hostile = [...HOSTILE_TEXTS, '"><script>alert(1)</script>', ']]>', '</text><image href="x"/>'];
    const values = Object.fromEntries(hostile.slice(0, 900).map((name, place) => [name, place]));
    const slices = hostile.slice(0, 6).map((name) => ({ name, rows: 30, values: [1, 2, 3] }));
    const challenger: Explanation = explain(values, { slices, instead: hostile[0], stopped: hostile[3] });
    const [figure] = showExplanation({ challenger, champion: challenger }, NAMES);
    const svg = figure?.svg ?? '';
    expect(hasControl(svg)).toBe(false);
    const names = execFileSync(
      'python3',
      [
        '-c',
        'import sys, xml.etree.ElementTree as t; print(*{e.tag.split("}")[1] for e in t.fromstring(sys.stdin.read()).iter()})',
      ],
      { input: svg, encoding: 'utf8' },
    );
    expect(names.trim().split(' ').toSorted()).toEqual(
      ['desc', 'line', 'polygon', 'circle', 'rect', 'style', 'svg', 'text', 'title'].toSorted(),
    );
    const notes = describeExplanation({ challenger, champion: challenger }, ASKED_OF_BOTH);
    const text = renderMarkdown(
      { sign: 'gate-passed', blocks: [{ kind: 'list', items: notes }, ...(figure?.blocks ?? [])] },
      { kind: 'summary' },
    );
    expect(hasControl(text)).toBe(false);
    const outside = text.replaceAll(/\\.|`[^`\n]+`/g, '');
    expect(outside).not.toMatch(/<[a-z!/?]|@[a-z0-9]|https?:\/\/|\]\(/i);
  });
});

describe('what stands in a file of predictions', () => {
  test('is taken within bounds alone', () => {
    expect(explanationSchema.safeParse(CHALLENGER).success).toBe(true);
    const many = explain(Object.fromEntries(Array.from({ length: 1001 }, (_, place) => [`f${place}`, 1])));
    expect(explanationSchema.safeParse(many).success).toBe(false);
    expect(explanationSchema.safeParse(explain({ ['x'.repeat(2001)]: 1 })).success).toBe(false);
    expect(explanationSchema.safeParse({ ...CHALLENGER, measure: '<b>' }).success).toBe(false);
  });
});
