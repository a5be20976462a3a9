import type { HeldOut } from '../../core/gate/held-out.ts';
import type { Cell } from './cell.ts';
import type { Columns } from './columns.ts';
import { UnreadableError } from './unreadable.ts';

/** Fewer days say too little of how much days differ, as for drift. */
const FEWEST_DAYS = 14;
const SECONDS_PER_DAY = 86_400;
const DAY_MS = SECONDS_PER_DAY * 1_000;
/** ISO 8601, with or without a time of day and its offset; without one it is UTC's, as for the runtime. */
const ISO =
  /^(?<day>\d{4}-\d{2}-\d{2})(?:[T ](?<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(?<offset>Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * Rows of one day as a group, for rows that follow each other in time and name no group: what is near in time is alike, so that rows alone
 * would make intervals too narrow. Days are UTC's. Where that can't be, each row counts for itself and the note says why; where each row has
 * a day of its own there is nothing to say.
 */
export async function groupDays(
  columns: Columns,
  time: string,
): Promise<Pick<HeldOut, 'groups' | 'groupNote'>> {
  const cells = await readTimes(columns, time);
  const days = cells?.map(toDay);
  if (days === undefined || days.every((day) => day === undefined)) {
    return alone(`The times of \`${time}\` can't be read here`);
  }
  const known = new Set(days.filter((day) => day !== undefined));
  if (known.size === days.length) return { groups: undefined };
  if (known.size < FEWEST_DAYS)
    return alone(
      `\`${time}\` tells of ${known.size} days, and ${FEWEST_DAYS} are needed to see how much days differ`,
    );
  return {
    groups: days.map((day, row) => (day === undefined ? `row ${row}` : String(day))),
    groupNote: `Rows of one day of \`${time}\` are drawn together: ${known.size} days.`,
  };
}

function alone(why: string): Pick<HeldOut, 'groups' | 'groupNote'> {
  const otherwise = 'Name in `data.holdout.group` what they share, if they depend on each other.';
  return { groups: undefined, groupNote: `${why}: each row counts for itself. ${otherwise}` };
}

async function readTimes(columns: Columns, time: string): Promise<readonly Cell[] | undefined> {
  try {
    return await columns.read(time);
  } catch (thrown) {
    if (thrown instanceof UnreadableError) return undefined;
    throw thrown;
  }
}

/** The day since 1970. Numbers are seconds since then. */
function toDay(cell: Cell): number | undefined {
  if (typeof cell === 'number' || typeof cell === 'bigint') {
    const day = Math.floor(Number(cell) / SECONDS_PER_DAY);
    return Number.isFinite(day) ? day : undefined;
  }
  const { day, clock = '00:00', offset = 'Z' } = ISO.exec(String(cell ?? ''))?.groups ?? {};
  const ms = day === undefined ? Number.NaN : Date.parse(`${day}T${clock}${offset}`);
  return Number.isNaN(ms) ? undefined : Math.floor(ms / DAY_MS);
}
