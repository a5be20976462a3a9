import { annotationOf } from '../core/report/annotation-of.ts';
import { plainLine, plainLines } from '../core/report/plain-text.ts';
import type { Printer, Terminal } from './surroundings.ts';

/** The process's own output. The only place that writes to it. */
export function createPrinter(env: Readonly<Record<string, string | undefined>>): Printer {
  const isRunner = env['GITHUB_ACTIONS'] === 'true';
  return {
    line: (text) => console.log(plainLine(text)),
    trouble: (text) => console.error(plainLine(text)),
    annotate: (level, problem) => {
      if (!isRunner) return;
      const { title, message, file, startLine, startColumn } = annotationOf(problem);
      const properties = Object.entries({ file, line: startLine, col: startColumn, title })
        .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${property(String(value))}`]))
        .join(',');
      // The one line that is a command: its parts are escaped as the runner reads them.
      process.stdout.write(`::${level} ${properties}::${data(plainLines(message))}\n`);
    },
  };
}

/** The terminal of the process; `undefined` where output or input is none. */
export function createTerminal(): Terminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return {
    columns: () => stdout.columns,
    show: (lines) => {
      const fitting = lines.slice(0, Math.max(1, stdout.rows - 1));
      // Home, each line with the rest of it cleared, and all below cleared: nothing flickers.
      stdout.write(`\u001b[H${fitting.map((line) => `${plainLine(line)}\u001b[K\r\n`).join('')}\u001b[J`);
    },
    onKey: (listener) => {
      const hear = (data: Buffer) => listener(data.toString('utf8'));
      stdin.setRawMode(true);
      stdin.on('data', hear).resume();
      return () => {
        stdin.off('data', hear).pause();
        stdin.setRawMode(false);
      };
    },
  };
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
