import { fitBlocks, GAP } from './fit-blocks.ts';
import { type Limit, limitOf, type Place } from './limits.ts';
import { joinBlocks, renderBlock, renderBlocks, renderText } from './render-block.ts';
import type { Block, Report } from './report.ts';
import { formatSign } from './signs.ts';

/** Where it has to be cut, no text of a report may take more than this share of the place in characters as they are given. */
const LONGEST_SHARE = 1 / 20;
const PLACE_NAMES = {
  summary: 'a job summary',
  comment: 'a comment',
  section: 'a comment',
  issue: 'an issue',
} as const satisfies Readonly<Record<Place['kind'], string>>;

/**
 * The report as GitHub Markdown for one place, within what GitHub takes there. What does not fit is left out in whole blocks, rows and
 * items from the end, and a sentence says how much and where the rest is.
 */
export function renderMarkdown(report: Report, place: Place): string {
  const { blocks, foot = [] } = report;
  const whole = joinBlocks([renderTitle(report), renderBlocks([...blocks, ...foot]), renderRun(place)]);
  const limit = limitOf(place);
  return limit.measure(whole) <= limit.most ? whole : renderCut(report, place, limit);
}

function renderCut(report: Report, place: Place, { most, measure }: Limit): string {
  const { blocks, foot = [] } = report;
  const longest = Math.floor(most * LONGEST_SHARE);
  const title = renderTitle(report, longest);
  const run = renderRun(place);
  const all = blocks.length + foot.length;
  const fixed = joinBlocks([title, renderNote(place, all, all), run]);
  const room = most - measure(fixed);
  const end = fitBlocks(foot, longest, { most: Math.floor(room / 2), measure });
  const shown = fitBlocks(blocks, longest, { most: room - measure(joinBlocks(end)) - GAP, measure });
  const left = countLeft(blocks, shown) + countLeft(foot, end);
  return joinBlocks([title, ...shown, renderNote(place, left, all), ...end, run]);
}

/** How many of the blocks are not shown, or not as they are. */
function countLeft(blocks: readonly Block[], shown: readonly string[]): number {
  return blocks.filter((block, index) => renderBlock(block) !== shown[index]).length;
}

function renderTitle({ sign, about }: Report, longest?: number): string {
  const title = formatSign(sign);
  return `### ${about === undefined ? title : `${title}: ${renderText(about, longest)}`}`;
}

function renderNote(place: Place, left: number, all: number): string {
  const cut = `Cut to fit ${PLACE_NAMES[place.kind]}: ${left} of ${all} parts are left out or shortened.`;
  const rest =
    place.kind === 'summary'
      ? 'The numbers behind them are in the output `result` of this step.'
      : `The whole report is in the summary of the ${linkTo('workflow run', place.runUrl)}.`;
  return `_${cut} ${rest}_`;
}

/** Whoever reads a summary is at the run already. */
function renderRun(place: Place): string {
  return place.kind === 'summary' ? '' : `<sub>${linkTo('Workflow run', place.runUrl)}</sub>`;
}

function linkTo(text: string, url: string): string {
  return renderText([{ kind: 'link', text, url }]);
}
