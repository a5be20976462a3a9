import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { GateFigure } from '../../../../core/gate/figures/figure.ts';
import { showGate } from '../../../../core/gate/figures/show-gate.ts';
import { judgeGate } from '../../../../core/gate/judge/gate.ts';
import { gatherEvidence } from '../../../../core/gate/judge/gather-evidence.ts';
import type { Predictions } from '../../../../core/gate/predictions.ts';
import { reportGate } from '../../../../core/gate/report-gate.ts';
import type { GateRule } from '../../../../core/gate/rules/rule.ts';
import { renderMarkdown } from '../../../../core/report/render-markdown.ts';
import { HOSTILE_TEXTS, hasControl } from '../../report/hostile-texts.ts';
import { binaryModels, gateInput, randomMulticlass, randomMultilabel, randomRegression } from '../samples.ts';

type Models = { readonly champion?: Predictions; readonly challenger: Predictions };

const SLICES: GateRule = {
  kind: 'slices',
  metric: 'accuracy',
  column: 'parity',
  policy: 'guard',
  margin: 0.01,
};
const ACCURACY: GateRule = { kind: 'compare', metric: 'accuracy', require: 'non-inferior', margin: 0.005 };
const MODELS = binaryModels({ both: 900, onlyChampion: 25, onlyChallenger: 30, neither: 45 });

function show(rules: readonly GateRule[], models: Models, more = {}): readonly GateFigure[] {
  const input = gateInput(rules, models, more);
  const gathered = gatherEvidence(input);
  const result = judgeGate(input, gathered);
  return gathered.evidence === undefined ? [] : showGate(result, gathered.evidence, input.names);
}

/** Names, attributes and texts of a picture, by the parser of Python's library, which takes no XML that is not well formed. */
function parse(
  svgs: readonly string[],
): readonly (readonly [name: string, attributes: Record<string, string>, text: string])[] {
  const program = [
    'import json, sys, xml.etree.ElementTree as tree',
    'found = [[e.tag, e.attrib, e.text or ""] for svg in json.load(sys.stdin) for e in tree.fromstring(svg).iter()]',
    'json.dump(found, sys.stdout)',
  ];
  return JSON.parse(
    execFileSync('python3', ['-c', program.join('\n')], {
      input: JSON.stringify(svgs),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    }),
  );
}

const ELEMENTS = [
  'svg',
  'title',
  'desc',
  'style',
  'g',
  'rect',
  'line',
  'circle',
  'polyline',
  'path',
  'polygon',
  'text',
];
const MULTICLASS = {
  champion: randomMulticlass(600, 4, 0.2, 'a'),
  challenger: randomMulticlass(600, 4, 0.2, 'b'),
};
const REGRESSION = { champion: randomRegression(500, 2, 'a'), challenger: randomRegression(500, 2, 'b') };
const MULTILABEL = {
  champion: randomMultilabel(400, 9, 0.2, 'a'),
  challenger: randomMultilabel(400, 9, 0.2, 'b'),
};
const HAMMING: GateRule = { kind: 'compare', metric: 'hamming-loss', require: 'non-inferior', margin: 0.1 };
const MAE: GateRule = { kind: 'compare', metric: 'mae', require: 'non-inferior', margin: 0.1 };

describe('each task has its figures', () => {
  test.each([
    [
      'binary',
      [ACCURACY, SLICES],
      MODELS,
      ['slices-1.svg', 'confusion.svg', 'reliability.svg', 'ranking.svg'],
    ],
    [
      'the first model',
      [ACCURACY],
      { challenger: MODELS.challenger },
      ['confusion.svg', 'reliability.svg', 'ranking.svg'],
    ],
    ['multiclass', [ACCURACY], MULTICLASS, ['confusion.svg', 'reliability.svg', 'ranking.svg']],
    ['multilabel', [HAMMING], MULTILABEL, ['ranking.svg']],
    ['multilabel without scores', [HAMMING], { challenger: { ...MULTILABEL.challenger, scores: [] } }, []],
    ['regression', [MAE], REGRESSION, ['errors.svg']],
    ['without scores', [ACCURACY], { challenger: { ...MODELS.challenger, scores: [] } }, ['confusion.svg']],
    ['unfit to be judged', [ACCURACY], { challenger: { ...MODELS.challenger, ids: [] } }, []],
  ] as const)('%s', (_, rules, models: Models, files) => {
    expect(show(rules, models).map(({ file }) => file)).toEqual(files);
  });
});

describe('a picture', () => {
  const figures = [
    ...show([ACCURACY, SLICES], MODELS),
    ...show([ACCURACY], MULTICLASS),
    ...show([HAMMING], MULTILABEL),
    ...show([MAE], REGRESSION),
  ];

  test('is well formed, and says what it is to who can not see it', () => {
    for (const { svg } of figures) {
      const [[name, attributes] = [], [title, , heading] = [], [description, , told] = []] = parse([svg]);
      expect([name, title, description]).toEqual(
        ['svg', 'title', 'desc'].map((tag) => `{http://www.w3.org/2000/svg}${tag}`),
      );
      expect(attributes?.['role']).toBe('img');
      expect(attributes?.['viewBox']).toMatch(/^0 0 \d+(\.\d+)? \d+(\.\d+)?$/);
      expect(`${heading}${told}`.length).toBeGreaterThan(20);
    }
  });

  test('has colours for light and for dark screens, and none that is named outside of both', () => {
    for (const { svg } of figures) {
      const style = /<style>(?<style>[\s\S]*)<\/style>/.exec(svg)?.groups?.['style'] ?? '';
      const named = (text: string) =>
        new Set([...text.matchAll(/--(?<name>\w+):/g)].map(({ groups }) => groups?.['name']));
      const [light = '', dark = ''] = style.split('@media screen and (prefers-color-scheme:dark)');
      expect(named(light)).toEqual(named(dark.split('}}')[0] ?? ''));
      expect(svg.replace(style, '')).not.toMatch(/#[\da-f]{3,6}\b|rgb\(/i);
    }
  });

  test('shows both models', () => {
    for (const { svg } of figures.filter(({ file }) => !file.startsWith('slices'))) {
      expect(svg).toContain('champion v7');
      expect(svg).toContain('challenger v8');
    }
  });

  test('never has a number that is none', () => {
    for (const { svg } of figures) expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('texts from elsewhere', () => {
  const hostile = [
    ...HOSTILE_TEXTS,
    '"><script>alert(1)</script>',
    "' onload='x",
    ']]>',
    '&#x3c;script>',
    '\uffff\ufffe',
  ];
  const named = (model: Predictions): Predictions => ({
    ...model,
    classes: ['</text><script>alert(1)</script>', '<image href="https://evil.example/x"/>'],
    slices: { parity: model.ids.map((_, row) => hostile[row % hostile.length] ?? '') },
  });
  const models = { champion: named(MODELS.champion), challenger: named(MODELS.challenger) };
  const many = randomMulticlass(2000, hostile.length, 0.2, 'hostile');
  const figures = [
    ...show([ACCURACY, SLICES], models, {
      names: { champion: hostile.at(-5), challenger: '</title><script/>' },
    }),
    ...hostile.flatMap((_, at) =>
      at % 10 === 0
        ? show([ACCURACY], {
            challenger: { ...many, classes: [...hostile.slice(at), ...hostile.slice(0, at)] },
          })
        : [],
    ),
  ];

  test('are shown as texts: a picture runs, loads and links to nothing', () => {
    for (const [name, attributes] of parse(figures.map(({ svg }) => svg))) {
      expect(ELEMENTS).toContain(name.replace('{http://www.w3.org/2000/svg}', ''));
      const active = Object.keys(attributes).filter((key) => /^on|href|src|style$/i.test(key));
      expect(active).toEqual([]);
      expect(Object.values(attributes).filter((value) => /url\(|javascript:/i.test(value))).toEqual([]);
    }
    const styles = new Set(figures.map(({ svg }) => /<style>[\s\S]*?<\/style>/.exec(svg)?.[0]));
    expect(styles.size).toBe(1);
    expect([...styles].join('')).not.toMatch(/@import|url\(/);
  });

  test('turn, hide and move nothing', () => {
    for (const { svg } of figures) expect(hasControl(svg)).toBe(false);
  });
});

describe('the size', () => {
  test('of a picture stays small with a thousand classes and ninety slices', () => {
    const many = { ...randomMulticlass(3000, 1000, 0.2, 'many'), scores: [] };
    const slices = { parity: many.ids.map((_, row) => `${'a long name '.repeat(20)}${row % 90}`) };
    const challenger = { ...many, slices };
    for (const { svg, file } of show([ACCURACY, SLICES], { champion: challenger, challenger }))
      expect(svg.length, file).toBeLessThan(150_000);
  });
});

describe('the report', () => {
  const input = gateInput([ACCURACY, SLICES], MODELS);
  const result = judgeGate(input);
  const figures = show([ACCURACY, SLICES], MODELS);
  const kept = { url: 'https://mlflow.test/#/runs/1/artifacts', folder: 'trainyard/pictures' };
  const text = renderMarkdown(reportGate(result, { figures, kept }), { kind: 'summary' });

  test('names the pictures and where they are, and shows the same in letters, folded', () => {
    expect(text).toContain('Pictures: ');
    expect(text).toContain('[trainyard/pictures](https://mlflow.test/#/runs/1/artifacts)');
    expect(text).toContain('<details><summary>Confusion matrix</summary>');
    expect(text).toMatch(/\| True \| no \| yes \| Rows \|/);
    expect(text).toMatch(/challenger v8: ECE 0\.\d+, 90% interval 0\.\d+ to 0\.\d+/);
    expect(text).toMatch(/^(even|odd) .*500 .*├.*●.*┤/m);
  });

  test('shows no image, which GitHub would not show', () => {
    expect(text).not.toMatch(/!\[|<img|<svg|data:image/);
  });

  test('names no picture that is not kept', () => {
    expect(renderMarkdown(reportGate(result, { figures }), { kind: 'summary' })).not.toContain('Pictures:');
  });
});
