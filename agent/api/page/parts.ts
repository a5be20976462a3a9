import { type ComponentChild, h } from 'preact';
import type { ChartView, Fact, TableCell, TableView } from '../../../core/serving/screen/view/view.ts';
import type { Heed } from '../../../core/serving/screen/view/view-notices.ts';
import { Plot } from './plot.ts';

/** A longer text in a table is broken into lines, in characters. */
const LONG = 40;

/** Named facts in a row. */
export function facts(all: readonly Fact[]): ComponentChild | null {
  if (all.length === 0) return null;
  return h(
    'dl',
    { class: 'facts' },
    all.map(({ name, text, tone }) =>
      h('div', { key: name }, h('dt', null, name), h('dd', { class: tone }, text)),
    ),
  );
}

/** What somebody should know first. */
export function heeds(all: readonly Heed[]): ComponentChild {
  return h(
    'section',
    { 'aria-label': 'Needs attention', 'aria-live': 'polite' },
    all.length === 0
      ? h('p', { class: 'calm' }, h('span', { class: 'good' }, '●'), ' Nothing needs attention.')
      : h(
          'ul',
          { class: 'heeds' },
          all.map(({ tone, title, text }) =>
            h('li', { key: title, class: tone }, h('strong', null, title), h('span', null, text)),
          ),
        ),
  );
}

/** A table that scrolls by itself where the page is too narrow for it. */
export function table({ caption, columns, rows, empty }: TableView): ComponentChild {
  if (rows.length === 0) return h('p', { class: 'quiet' }, empty);
  return h(
    'div',
    null,
    // The caption of a table that is wider than the page would be cut: this one is for the eye, the other for the ear.
    h('p', { class: 'quiet caption', 'aria-hidden': 'true' }, caption),
    h(
      'div',
      { class: 'scroll', role: 'region', 'aria-label': caption, tabIndex: 0 },
      grid(caption, columns, rows),
    ),
  );
}

function grid(caption: string, columns: TableView['columns'], rows: TableView['rows']): ComponentChild {
  return h(
    'table',
    null,
    h('caption', { class: 'unseen' }, caption),
    h(
      'thead',
      null,
      h(
        'tr',
        null,
        columns.map(({ name, isNumber }) =>
          h('th', { key: name, scope: 'col', class: isNumber ? 'number' : undefined }, name),
        ),
      ),
    ),
    h(
      'tbody',
      null,
      rows.map((row, index) =>
        h(
          'tr',
          { key: index },
          row.map((one, column) => tableCell(one, column, columns[column]?.isNumber === true)),
        ),
      ),
    ),
  );
}

function tableCell({ text, tone, share }: TableCell, column: number, isNumber: boolean): ComponentChild {
  const classes = [isNumber ? 'number' : '', text.length > LONG ? 'long' : '', tone ?? '']
    .filter((name) => name !== '')
    .join(' ');
  const attributes = { key: column, class: classes === '' ? undefined : classes };
  if (column === 0) return h('th', { ...attributes, scope: 'row' }, text);
  if (share === undefined) return h('td', attributes, text);
  return h('td', attributes, text, h('progress', { max: 1, value: share, 'aria-label': text }));
}

/** Lines, and the same in words and as a table. */
export function figure(chart: ChartView): ComponentChild {
  const { title, summary, lines, limit } = chart;
  return h(
    'figure',
    null,
    h('figcaption', null, h('h4', null, title), h('p', { class: 'quiet' }, summary)),
    chart.xs.length === 0 ? null : h(Plot, { chart }),
    h(
      'ul',
      { class: 'legend', 'aria-hidden': 'true' },
      lines.length > 1
        ? lines.map(({ name, arm }) => h('li', { key: name, class: `${arm}-line` }, name))
        : null,
      limit === undefined ? null : h('li', { class: 'limit-line' }, limit.name),
    ),
    h('details', null, h('summary', null, 'As a table'), table(chart.table)),
  );
}
