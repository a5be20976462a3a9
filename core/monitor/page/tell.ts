import { formatMinute } from '../../report/format-day.ts';
import { type Markup, prose } from '../../report/html.ts';
import type { MonitorInput } from '../monitor-input.ts';
import { nameInText } from './name-feature.ts';

const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?Z/g;

/** A sentence of the monitor as people read it: features by their names, moments as days and minutes. */
export function tell(text: string, { drift }: Pick<MonitorInput, 'drift'>): Markup {
  const timed = text.replaceAll(INSTANT, writeInstant);
  return prose(nameInText(timed, drift?.features ?? []));
}

/** A text may hold what looks like a moment and is none. */
function writeInstant(text: string): string {
  return Number.isNaN(Date.parse(text)) ? text : formatMinute(text);
}
