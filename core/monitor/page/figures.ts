import { type Content, element, type Markup } from '../../report/html.ts';

/** A picture in its frame: what it is about, the picture, and a sentence that says what it shows. */
export function figure(
  title: Content,
  pictures: readonly Markup[],
  caption: Content,
  kind = 'plain',
): Markup {
  const heading = element('h3', {}, title);
  return element('figure', { class: `card ${kind}` }, heading, pictures, element('figcaption', {}, caption));
}

/** Pictures beside each other as the screen has room for. */
export function grid(figures: readonly Markup[]): Markup {
  return element('div', { class: 'cards' }, figures);
}

/** What is folded under its title until a reader opens it. */
export function fold(title: string, content: Content): Markup {
  return element('details', {}, element('summary', {}, title), content);
}

/** A part of the page under a heading of its own. */
export function section(id: string, title: string, ...content: readonly Content[]): Markup {
  return element('section', { id }, element('h2', {}, title), ...content);
}

/** A column of a table of numbers, or of words. */
export type PageColumn = { readonly title: string; readonly isNumber?: boolean };

/** Rows under named columns, which scrolls by itself where the screen is narrow; the first cell names its row. */
export function dataTable(
  caption: string,
  columns: readonly PageColumn[],
  rows: readonly (readonly Content[])[],
): Markup {
  const styleOf = (index: number) => (columns[index]?.isNumber ? { class: 'number' } : {});
  const head = columns.map(({ title }, index) => element('th', { scope: 'col', ...styleOf(index) }, title));
  const body = rows.map((cells) => {
    const [first = '', ...rest] = cells;
    const named = element('th', { scope: 'row' }, first);
    return element('tr', {}, named, ...rest.map((cell, index) => element('td', styleOf(index + 1), cell)));
  });
  const table = element(
    'table',
    {},
    element('caption', {}, caption),
    element('thead', {}, element('tr', {}, head)),
    element('tbody', {}, body),
  );
  return element('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption }, table);
}
