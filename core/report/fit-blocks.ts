import type { Limit } from './limits.ts';
import { renderBlock } from './render-block.ts';
import type { Block } from './report.ts';

/** What the empty line between two blocks takes. */
export const GAP = 2;

/**
 * As many blocks as there is room for, rendered, from the first on. The first that does not fit is shown with as many of its rows,
 * items, lines or inner blocks as do; none is shown by a part that Markdown would leave open.
 */
export function fitBlocks(
  blocks: readonly Block[],
  longest: number,
  { most, measure }: Limit,
): readonly string[] {
  const shown: string[] = [];
  let room = most;
  for (const block of blocks) {
    const text = renderBlock(block, longest);
    const size = measure(text) + GAP;
    if (size > room) {
      const part = shortenBlock(block, (part) => measure(renderBlock(part, longest)) + GAP <= room);
      if (part !== undefined) shown.push(renderBlock(part, longest));
      break;
    }
    shown.push(text);
    room -= size;
  }
  // A heading with nothing under it says nothing.
  const isCut = shown.length < blocks.length;
  return isCut && blocks[shown.length - 1]?.kind === 'heading' ? shown.slice(0, -1) : shown;
}

/** The longest beginning of the block that fits; `undefined` when it can only be shown whole, or nothing of it fits. */
function shortenBlock(block: Block, fits: (part: Block) => boolean): Block | undefined {
  const pieces = countPieces(block);
  let [low, high] = [0, pieces];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(takePieces(block, middle))) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? undefined : takePieces(block, low);
}

function countPieces(block: Block): number {
  switch (block.kind) {
    case 'table':
      return block.rows.length;
    case 'list':
      return block.items.length;
    case 'code':
      return block.text.split('\n').length;
    case 'details':
      return block.blocks.length;
    default:
      return 0;
  }
}

function takePieces(block: Block, count: number): Block {
  switch (block.kind) {
    case 'table':
      return { ...block, rows: block.rows.slice(0, count) };
    case 'list':
      return { ...block, items: block.items.slice(0, count) };
    case 'code':
      return { ...block, text: block.text.split('\n').slice(0, count).join('\n') };
    case 'details':
      return { ...block, blocks: block.blocks.slice(0, count) };
    default:
      return block;
  }
}
