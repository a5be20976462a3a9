const ZERO_WIDTH_SPACE = '\u200b';
/** What a runner, a terminal or a browser takes for the end of a line. */
const LINE_BREAK = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g;
const LINE_BREAKS = /[\n\v\f\r\u0085\u2028\u2029]+/;
/** Control characters but for tabs and line breaks, also those of C1, and the marks that turn the direction of writing. */
const CONTROL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go.
  /[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const TERMINAL_SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences begin with one.
  /(?:\u001b\[|\u009b)[0-9;?]*[ -/]*[@-~]|(?:\u001b\]|\u009d)[^\u0007\u001b\u009c\r\n]*(?:\u0007|\u001b\\|\u009c)/g;
/** The runner obeys a line that begins so, white space or not before it. */
const COMMAND = /^(?<space>\s*):(?=:)/;
/** The runner's older form is obeyed wherever it stands in a line. */
const OLD_COMMAND = '##[';

/** A text from elsewhere without control characters, terminal sequences, direction marks and halves of characters; its lines stay. */
export function toLines(text: string): string {
  return stripControl(text).replaceAll(LINE_BREAK, '\n');
}

/** A text from elsewhere as one line. */
export function toLine(text: string): string {
  const [first = '', ...rest] = stripControl(text).split(LINE_BREAKS);
  const last = rest.pop();
  if (last === undefined) return first;
  const between = rest.map((line) => line.trim()).filter((line) => line !== '');
  return [first.trimEnd(), ...between, last.trimStart()].join(' ');
}

/** A text from elsewhere as one line of a log that shows it and does nothing else: no second line, no command to the runner. */
export function plainLine(text: string): string {
  return disarm(toLine(text));
}

/** The same for a text of several lines, each of which stays one. */
export function plainLines(text: string): string {
  return toLines(text).split('\n').map(disarm).join('\n');
}

function stripControl(text: string): string {
  return text.toWellFormed().replaceAll(TERMINAL_SEQUENCE, '').replaceAll(CONTROL, '');
}

function disarm(line: string): string {
  return line
    .replace(COMMAND, `$<space>:${ZERO_WIDTH_SPACE}`)
    .replaceAll(OLD_COMMAND, `##${ZERO_WIDTH_SPACE}[`);
}
