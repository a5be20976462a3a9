import { type Content, element, link, type Markup, renderDocument } from '../../report/html.ts';
import { FLEET_COLUMNS, fleetNotes, fleetRows, fleetSummary } from './fleet-table.ts';
import type { FleetHost, FleetView } from './view-fleet.ts';

const STYLE = [
  ':root{color-scheme:light dark}',
  'body{font:16px/1.5 system-ui,sans-serif;margin:1.5rem;background:light-dark(#fff,#111);color:light-dark(#111,#eee)}',
  'a{color:light-dark(#0550ae,#79b8ff)}',
  '.wide{overflow-x:auto}',
  'table{border-collapse:collapse}',
  'th,td{padding:.3rem .8rem;text-align:left;white-space:nowrap;border-bottom:1px solid #8886}',
  '.number{text-align:right;font-variant-numeric:tabular-nums}',
  '.notes li{margin:.3rem 0}',
].join('');

/** The fleet as a page that loads and runs nothing. The name of each host leads to its own page, which asks for a token. */
export function renderFleetPage(view: FleetView): string {
  const summary = fleetSummary(view);
  const body = element(
    'body',
    {},
    element('header', {}, element('h1', {}, summary), element('p', {}, `As of ${view.at}`)),
    element('main', {}, notes(view), table(view)),
  );
  return renderDocument(`${summary} · Trainyard`, STYLE, body);
}

function notes(view: FleetView): Markup {
  const told = fleetNotes(view);
  if (told.length === 0) return element('p', {}, 'No host warns of anything.');
  return element('ul', { class: 'notes' }, ...told.map((note) => element('li', {}, note)));
}

function table({ hosts }: FleetView): Markup {
  const head = FLEET_COLUMNS.map(([name], column) =>
    element('th', { scope: 'col', ...classOf(column) }, name),
  );
  const rows = hosts.flatMap((host) => fleetRows(host).map((row) => element('tr', {}, ...cells(host, row))));
  const whole = element(
    'table',
    {},
    element('caption', {}, 'What each host serves'),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
  return element('div', { class: 'wide', role: 'region', 'aria-label': 'Hosts', tabindex: '0' }, whole);
}

function cells({ url }: FleetHost, [name = '', ...rest]: readonly string[]): readonly Content[] {
  const others = rest.map((text, index) => element('td', classOf(index + 1), text));
  return [element('th', { scope: 'row' }, link(name, url)), ...others];
}

function classOf(column: number): { readonly class?: string } {
  return FLEET_COLUMNS[column]?.[1] === true ? { class: 'number' } : {};
}
