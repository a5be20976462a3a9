/** What is kept of one line, in characters: no log shows more, and a line of gigabytes would not fit into memory. */
const LONGEST_LINE = 64 * 1024;
const BREAK_OR_TEXT = /\r\n|[\r\n]|[^\r\n]+/g;

/** Takes a text piece by piece. */
type LineCutter = { readonly add: (piece: string) => void; readonly end: () => void };

/** Tells each line of a text that comes in pieces, however they are cut; of a line too long its beginning, and how much more there was. */
export function cutLines(onLine: (line: string) => void): LineCutter {
  let [line, left, isAfterReturn] = ['', 0, false];
  const finish = () => {
    onLine(left === 0 ? line : `${line}… and ${left} characters more`);
    [line, left] = ['', 0];
  };
  return {
    add: (piece) => {
      for (const [part] of piece.matchAll(BREAK_OR_TEXT)) {
        const isBreak = part === '\n' || part === '\r' || part === '\r\n';
        // The two halves of one break may come in two pieces.
        if (isBreak && !(part === '\n' && isAfterReturn)) finish();
        isAfterReturn = part === '\r';
        if (isBreak) continue;
        const kept = part.slice(0, LONGEST_LINE - line.length);
        line += kept;
        left += part.length - kept.length;
      }
    },
    end: () => {
      if (line !== '') finish();
    },
  };
}
