import { describe, expect, it } from 'vitest';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import { describeProgress, drawValues } from '../../../core/search/describe-progress.ts';
import { describeSearch } from '../../../core/search/describe-search.ts';
import { drawHistory } from '../../../core/search/draw-history.ts';
import { drawImportances } from '../../../core/search/draw-importances.ts';
import { drawParallel } from '../../../core/search/draw-parallel.ts';
import { RESULT } from './search-result.ts';

describe('the progress of a search', () => {
  const progress = { ...RESULT, asked: 8, running: 2 };

  it('says trials, the best so far, how the values went and what is left at this pace', () => {
    expect(describeProgress(progress, 'val_acc')).toBe(
      '4 of 8 trials (1 pruned) · 2 running · 1 failed · best val_acc 0.9: lr=0.01 layer=wide · ▁█▅ · about 40 s left',
    );
  });

  it('says when no trial begins any more, where that is sooner', () => {
    expect(describeProgress({ ...progress, secondsToDeadline: 12 }, 'val_acc')).toContain(
      'no trial begins after the next 12 s',
    );
  });

  it('promises nothing before the first trial has ended', () => {
    const none = { ...progress, complete: 0, pruned: 0, failed: 0, best: null, values: [] };
    expect(describeProgress(none, 'val_acc')).toBe('0 of 8 trials · 2 running');
  });

  it('draws equal values and negative ones', () => {
    expect(drawValues([2, 2])).toBe('▁▁');
    expect(drawValues([-3, -1])).toBe('▁█');
  });
});

describe('a search that is over', () => {
  const markdown = renderMarkdown(
    { sign: 'searched', blocks: describeSearch(RESULT, 'http://run') },
    { kind: 'summary' },
  );

  it('names the best, what was tried again, and what mattered', () => {
    expect(markdown).toContain('Best val\\_acc: 0.9 by trial 1, with lr=0.01 layer=wide.');
    expect(markdown).toContain('3 of 5 trials ran to their end, 1 were pruned; 1 failed by themselves');
    expect(markdown).toContain('2 lost their worker and were run again; the others were not begun in time');
    expect(markdown.indexOf('80 %')).toBeLessThan(markdown.indexOf('20 %'));
  });

  it('lists the best trials first, and no pruned one', () => {
    const places = ['| 1 |', '| 3 |', '| 0 |'].map((cell) => markdown.replaceAll(/ +/g, ' ').indexOf(cell));
    expect(places).toEqual(places.toSorted((left, right) => left - right));
    expect(places).not.toContain(-1);
    expect(markdown.replaceAll(/ +/g, ' ')).not.toContain('| 2 |');
  });
});

describe('the drawings of a search', () => {
  it('show each trial, and the best so far as a line that only rises', () => {
    const svg = drawHistory(RESULT);
    expect(svg.match(/<circle/g)).toHaveLength(4);
    const heights = /points="(?<points>[^"]+)"/
      .exec(svg)
      ?.groups?.['points']?.split(' ')
      .map((point) => point.split(',')[1]);
    expect(heights).toHaveLength(3);
    expect(Number(heights?.[2])).toBe(Number(heights?.[1]));
    expect(Number(heights?.[1])).toBeLessThan(Number(heights?.[0]));
  });

  it('show a line for each trial that ran to its end, the best last, and print names as they are', () => {
    const svg = drawParallel(RESULT);
    expect(svg.match(/stroke-opacity/g)).toHaveLength(3);
    expect(svg.lastIndexOf('stroke-opacity="1.00"')).toBeGreaterThan(
      svg.lastIndexOf('stroke-opacity="0.15"'),
    );
    expect(svg).not.toContain('<b>');
    expect(svg).toContain('&lt;b&gt;&amp;');
  });

  it('show importances where there are any', () => {
    expect(drawImportances(RESULT)).toContain('80 %');
    expect(drawImportances({ ...RESULT, importances: null })).toBeUndefined();
  });

  it('can be made of one trial, and of none', () => {
    for (const trials of [RESULT.trials.slice(0, 1), []]) {
      for (const svg of [drawHistory({ ...RESULT, trials }), drawParallel({ ...RESULT, trials })]) {
        expect(svg).not.toMatch(/NaN|Infinity/);
        expect(svg).toContain('</svg>');
      }
    }
  });
});
