import { describe, expect, test } from 'vitest';
import { PAGE_STYLE } from '../../../../core/monitor/page/page-style.ts';
import { renderMonitorPage } from '../../../../core/monitor/page/render-page.ts';
import { input, ledgerOf } from '../support.ts';
import { parsePage } from './parse-page.ts';
import { NOW, pageOf, SHOP, type Shop } from './shop.ts';

/** So many features are drawn, and so many listed. */
const MOST_PICTURES = 60;
const MOST_ROWS = 200;

const html = renderMonitorPage(pageOf());
const page = parsePage(html);
const figureOf = (title: string) => page.figures.find((figure) => figure.title.startsWith(title));

/** A shop of so many numbers, of which one, far from the first, has shifted. */
function shopOf(features: number): Partial<Shop> {
  const edges = SHOP.features[0]?.edges;
  const named = Array.from({ length: features }, (_, index) => ({
    ...{ name: `column_${index}`, kind: 'numeric' as const },
    ...(edges && { edges }),
  }));
  return { features: named, shifted: [`column_${features - 3}`] };
}

describe('who has a minute', () => {
  test('reads at the top what shifted, since when, and what is done', () => {
    const top = page.text.slice(0, page.text.indexOf('Inputs:'));
    expect(top).toContain('Train again');
    expect(top).toMatch(
      /amount\s+and\s+photo: picture statistics 7\s+have drifted away from training since 21 March 2026/,
    );
    expect(top).toContain('A new training is asked for.');
  });

  test('is told first of what has a name, and how many others there are', () => {
    const height = { ...SHOP.features[0], name: 'height', kind: 'numeric' as const };
    const subject = pageOf({
      features: [...SHOP.features, height],
      shifted: ['photo/projection-7', 'amount', 'age', 'height'],
    });
    const { drift } = subject.input;
    if (drift === undefined) throw new Error('The shop is judged.');
    const isStatistic = ({ name }: { readonly name: string }) => name === 'photo/projection-7';
    const features = drift.features.toSorted((a, b) => Number(isStatistic(b)) - Number(isStatistic(a)));
    const [worst] = features.filter((one) => !isStatistic(one));
    const textOf = (all: typeof features) => {
      const page = renderMonitorPage({
        ...subject,
        input: { ...subject.input, drift: { ...drift, features: all } },
      });
      return parsePage(page).text.replaceAll(/\s+/g, ' ');
    };
    expect(textOf(features)).toContain(
      `Train again ${worst?.name} and 3 other inputs have drifted away from training since 21 March 2026.`,
    );
    const answers = features.map((one) =>
      one.name === 'age' ? { ...one, kind: 'prediction' as const } : one,
    );
    expect(textOf(answers)).toContain('and the answers have drifted away from training since 21 March 2026.');
  });

  test('sees the flag of the day it began, both limits, and the bin that moved', () => {
    const { letters = [], caption, pictures } = figureOf('amount') ?? {};
    expect(letters).toEqual(expect.arrayContaining(['since 21 Mar', 'warn 0.1', 'act 0.25', '9.9% → 19%']));
    expect(caption).toMatch(/^On 24 Mar the bin “> 240” holds 19%; in training it held 9\.9%\./);
    expect(caption).toContain('21 March 2026 raised the alarm.');
    expect(pictures).toBe(2);
  });

  test('sees the day it began apart from the day of the alarm, where evidence had to add up', () => {
    const subject = pageOf();
    const { drift } = subject.input;
    if (drift === undefined) throw new Error('The shop is judged.');
    const alarm = { kind: 'drift' as const, since: '2026-03-24T00:00:00.000Z' };
    const features = drift.features.map((one) => (one.alarm === undefined ? one : { ...one, alarm }));
    const late = { ...subject, input: { ...subject.input, drift: { ...drift, features } } };
    const [first] = parsePage(renderMonitorPage(late)).figures;
    expect(first?.letters).toContain('since 22 Mar');
    expect(first?.caption).toContain('at 0.1 or above from 22 March 2026 on; 23 Mar raised the alarm.');
  });

  test('learns why a shift is told of a day that does not show it', () => {
    const subject = pageOf();
    const { drift } = subject.input;
    if (drift === undefined) throw new Error('The shop is judged.');
    const features = drift.features.map((one) => (one.alarm === undefined ? one : { ...one, unseen: 2 }));
    const seen = { ...subject, input: { ...subject.input, drift: { ...drift, features } } };
    const [first] = parsePage(renderMonitorPage(seen)).figures;
    expect(first?.caption).toContain(
      'The last 2 batches do not show it, which is too little to say that it is gone.',
    );
  });

  test('sees accuracy first where labels are what tells, and the loss told there', () => {
    const subject = pageOf({ shifted: [] });
    const sectionsOf = (over: Partial<typeof subject.decision>) => {
      const decision = { ...subject.decision, ...over };
      const { ids } = parsePage(renderMonitorPage({ ...subject, decision }));
      return ids.filter((id) => ['accuracy', 'drift', 'findings'].includes(id));
    };
    const message = 'Accuracy by label is 59%.';
    const worse = { code: 'labels-worse-than-promised', metric: 'accuracy', message };
    const stale = { code: 'stale', metric: 'age', message: 'The champion is old.' };
    const wants = { action: 'retrain', wanted: 'retrain' } as const;
    expect(sectionsOf({ ...wants, codes: [worse.code], reasons: [worse] })).toEqual(['accuracy', 'drift']);
    expect(sectionsOf({ ...wants, codes: [stale.code], reasons: [stale] })).toEqual([
      ...['findings', 'drift', 'accuracy'],
    ]);
  });

  test('is told of nothing where nothing is wrong', () => {
    const quiet = pageOf({ shifted: [] });
    const { text } = parsePage(
      renderMonitorPage({
        ...quiet,
        decision: {
          ...quiet.decision,
          action: 'none',
          wanted: 'none',
          codes: [],
          reasons: [],
          explanation: 'All is well.',
        },
      }),
    );
    expect(text).toContain('All is well');
    expect(text).toContain('Inputs: 0 of 5 shifted');
    expect(text).not.toMatch(/since 2[0-9] Mar/);
  });

  test('is told what stands in the way of what is wanted', () => {
    const subject = pageOf();
    const bar = { code: 'retrain-cooldown', metric: 'policy', message: 'The last training is 2 h old.' };
    const decision = {
      ...subject.decision,
      action: 'none' as const,
      reasons: [...subject.decision.reasons, bar],
    };
    const { text } = parsePage(renderMonitorPage({ ...subject, decision }));
    expect(text).toContain('Waiting: train again');
    expect(text).toContain('Nothing for now. The last training is 2 h old.');
  });
});

describe('the page', () => {
  test('calls a projection picture statistics, by its input, and never by its name in the profile', () => {
    expect(figureOf('photo: picture statistics 7')?.title).toContain('drift since 21 Mar');
    expect(figureOf('photo/brightness')?.title).toContain('as usual');
    expect(html).not.toContain('projection-7');
  });

  test('marks on each axis of days when versions came and went', () => {
    for (const title of ['amount', 'Answers', 'Estimated', 'Predictions a day', 'Missing']) {
      expect(figureOf(title)?.letters).toEqual(expect.arrayContaining(['v7', 'v8 back']));
    }
  });

  test('tells decisions and versions, the newest first', () => {
    const rows = page.rows.filter(([when]) => when?.endsWith('UTC'));
    expect(rows.map(([when, what]) => `${when?.slice(0, 6)} ${what}`)).toEqual([
      '22 Mar Monitor: train again',
      '15 Mar Monitor: all is well',
      '14 Mar Version 8 was taken back',
      '13 Mar Monitor: needs a look',
      '1 Mar  Version 7 became champion',
    ]);
  });

  test('estimates accuracy until the inputs shift, shows that by label with its bounds, and what has come of labels', () => {
    const rowOf = (day: string) =>
      page.rows.find(([first, , estimated]) => first === day && estimated?.match(/%|–/));
    expect(rowOf('20 Mar')).toEqual(['20 Mar', '4,090', '84% [82%, 85%]', '–', '–']);
    expect(rowOf('21 Mar')?.[2]).toBe('–');
    expect(rowOf('18 Mar')?.[3]).toMatch(/^83% \[81%, 85%\] so far$/);
    expect(rowOf('1 Mar')?.slice(3)).toEqual(['83% [82%, 85%]', '2,000 (50%)']);
    expect(figureOf('Estimated')?.caption).toContain('Dotted: in training, 84%.');
    expect(figureOf('Labels that have come')).toBeDefined();
  });

  test('tells traffic, errors and latency, and what came in missing, strange or invalid', () => {
    expect(figureOf('Predictions a day')?.caption).toContain('4,025 in the mean');
    expect(figureOf('Errors')?.caption).toContain('5.2% in the worst');
    expect(page.rows).toContainEqual(['24', '4,099', '6 (0.15%)', '24 (0.59%)', '80.0 ms']);
    // Seven days, the newest among them.
    expect(page.rows).toContainEqual(['country', '1.5% (0.5%)', '0.043%', '0%', '27,599']);
    expect(figureOf('Missing')?.caption).toMatch(/1\.7% on the last day/);
    for (const title of ['Out of range', 'Invalid answers', 'Refused']) expect(figureOf(title)).toBeDefined();
    expect(page.text).toContain(
      'Not once in 96,588 predictions: values of categories that training never saw.',
    );
    expect(page.text).toMatch(
      /The reference profile holds [0-9,]+ rows: by them alone an index of 0\.1 is known to ±0\.0[0-9]\./,
    );
  });

  test('is made where there is no champion, and where nothing can be judged', () => {
    const nothing = { all: [], days: [], hours: [], inputs: [], accuracy: [] };
    const subject = pageOf();
    const { text, figures } = parsePage(
      renderMonitorPage({
        ...subject,
        input: input({ now: NOW, ledger: ledgerOf({}, { environments: {} }) }),
        evidence: nothing,
        events: [],
      }),
    );
    expect(text).toContain('nothing deployed');
    expect(figures).toEqual([]);
  });
});

describe('many features', () => {
  test('are all there, the worst first, in less than a megabyte', () => {
    const wide = renderMonitorPage(pageOf(shopOf(100)));
    expect(wide.length).toBeLessThan(1_000_000);
    const { figures, rows } = parsePage(wide);
    expect(figures[0]?.title).toContain('column_97');
    expect(figures.filter(({ title }) => title.startsWith('column_'))).toHaveLength(MOST_PICTURES);
    const listed = rows.filter(
      ([name, judged]) => name?.startsWith('column_') && /as usual|drift/.test(judged ?? ''),
    );
    expect(listed).toHaveLength(100);
    expect(listed[0]?.slice(0, 2)).toEqual(['column_97', 'drift since 21 Mar']);
  });

  test('are counted where there are more than can be listed', () => {
    const { text, rows } = parsePage(renderMonitorPage(pageOf(shopOf(MOST_ROWS + 40))));
    expect(text).toContain(
      `Of 240 features the ${MOST_PICTURES} most shifted are drawn, the 200 most shifted are listed.`,
    );
    expect(rows.filter(([, judged]) => judged === 'as usual' || judged?.startsWith('drift'))).toHaveLength(
      MOST_ROWS,
    );
  });
});

describe('anyone', () => {
  test('finds headings in order, a sentence to each picture, and each picture described to who can’t see it', () => {
    expect(page.headings[0]).toBe(1);
    for (const [index, level] of page.headings.entries()) {
      expect(level).toBeLessThanOrEqual((page.headings[index - 1] ?? 0) + 1);
    }
    expect(page.figures.length).toBeGreaterThan(10);
    for (const { caption } of page.figures) expect(caption).toMatch(/^[A-Z].{20,}\.$/s);
    expect(page.unnamed).toBe(0);
    expect(new Set(page.ids).size).toBe(page.ids.length);
  });

  test('reads texts with a contrast of 4.5 or more, in light and in dark', () => {
    const [light = '', dark = ''] = ['', 'dark'].map((scheme) => schemeOf(PAGE_STYLE, scheme === 'dark'));
    for (const scheme of [light, dark]) {
      for (const text of ['ink', 'muted', 'link', 'wrong', 'good']) {
        for (const ground of ['paper', 'card']) {
          const contrast = contrastOf(colourOf(scheme, text), colourOf(scheme, ground));
          expect(contrast, `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });
});

/** All that the style says of colours in one of its two schemes; what stands later counts. */
function schemeOf(style: string, isDark: boolean): string {
  const dark = [...style.matchAll(/prefers-color-scheme:dark\)\{:root\{(?<said>[^}]*)\}\}/g)];
  if (isDark) return dark.map(({ groups }) => groups?.['said']).join(';');
  return dark.reduce((rest, [block]) => rest.replace(block, ''), style);
}

function colourOf(scheme: string, name: string): readonly number[] {
  const hex = new RegExp(`--${name}:#(?<hex>[0-9a-f]{6}|[0-9a-f]{3})\\b`).exec(scheme)?.groups?.['hex'] ?? '';
  const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
  return [0, 2, 4].map((at) => Number.parseInt(full.slice(at, at + 2), 16) / 255);
}

/** As the Web Content Accessibility Guidelines define it. */
function contrastOf(text: readonly number[], ground: readonly number[]): number {
  const luminance = (colour: readonly number[]) => {
    const [red = 0, green = 0, blue = 0] = colour.map((one) =>
      one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [low = 0, high = 0] = [luminance(text), luminance(ground)].toSorted((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}
