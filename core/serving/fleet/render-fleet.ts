import { FLEET_COLUMNS, fleetNotes, fleetRows, fleetSummary } from './fleet-table.ts';
import type { FleetView } from './view-fleet.ts';

/** The fleet as lines of at most so many characters: a table, then what hosts warn of, and which are silent since when. */
export function renderFleet(view: FleetView, width: number): readonly string[] {
  const table = [FLEET_COLUMNS.map(([name]) => name), ...view.hosts.flatMap(fleetRows)];
  const widths = FLEET_COLUMNS.map((_, column) =>
    Math.max(...table.map((row) => [...(row[column] ?? '')].length)),
  );
  const lines = table.map((row) =>
    row.map((text, column) => pad(text, column, widths[column] ?? 0)).join('  '),
  );
  const notes = fleetNotes(view);
  return [
    `${view.at}  ${fleetSummary(view)}`,
    ...lines.map((line) => line.trimEnd()),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `! ${note}`)]),
  ].map((line) => cut(line, width));
}

function pad(text: string, column: number, width: number): string {
  const room = ' '.repeat(Math.max(0, width - [...text].length));
  return FLEET_COLUMNS[column]?.[1] === true ? `${room}${text}` : `${text}${room}`;
}

function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
