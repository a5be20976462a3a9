/** What a shell does itself rather than hand it on, outside of any quotes. */
const SIGNS = '$`~*?[]<>;&|(){}#\n\r';
/** The same between double quotes. */
const EXPANDED = '$`';
/** Where MLflow puts a parameter, in quotes of its own where the value needs some. */
const PLACEHOLDER = /\{([A-Za-z_][\w.-]*)\}/y;

/**
 * The first thing of a command that bash would not hand on as it stands: an operator, an expansion, a quote that never ends, or a text
 * parameter between quotes, which those of its value would end. `undefined` where there is none, so that the command is one program and
 * its words. Quotes and escapes are read as POSIX has them (Shell Command Language, 2.2).
 */
export function findShellSign(command: string, isText: (parameter: string) => boolean): string | undefined {
  let quote: string | undefined;
  for (let at = 0; at < command.length; at += 1) {
    const sign = command.charAt(at);
    const placed = sign === '{' ? placeholderAt(command, at) : undefined;
    if (placed !== undefined) {
      if (quote !== undefined && isText(placed)) return `{${placed}}`;
      at += placed.length + 1;
    } else if (sign === quote) quote = undefined;
    else if (quote === undefined && (sign === "'" || sign === '"')) quote = sign;
    else if (sign === '\\' && quote !== "'") at += 1;
    else if ((quote === undefined ? SIGNS : quote === '"' ? EXPANDED : '').includes(sign)) return sign;
  }
  return quote;
}

/** The name of the parameter that stands there; two braces are one of the command's own. */
function placeholderAt(command: string, at: number): string | undefined {
  PLACEHOLDER.lastIndex = at;
  return PLACEHOLDER.exec(command)?.[1];
}
