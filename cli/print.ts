import { formatProblem } from '../core/errors.ts';
import { plainLine } from '../core/report/plain-text.ts';
import type { Printer } from './surroundings.ts';

/** The process's own output. The only place that writes to it. */
export function createPrinter(env: Readonly<Record<string, string | undefined>>): Printer {
  const isRunner = env['GITHUB_ACTIONS'] === 'true';
  return {
    line: (text) => console.log(plainLine(text)),
    trouble: (text) => console.error(plainLine(text)),
    annotate: (level, problem) => {
      if (!isRunner) return;
      const { where, message, remedy, code } = problem;
      const place = where?.kind === 'file' ? [`file=${property(where.file)}`] : [];
      const line = where?.kind === 'file' && where.line !== undefined ? [`line=${where.line}`] : [];
      const properties = [...place, ...line, `title=${property(`trainyard: ${code}`)}`].join(',');
      const told = where?.kind === 'endpoint' ? formatProblem(problem) : `${message} ${remedy}`;
      // The one line that is a command: its parts are escaped as the runner reads them.
      process.stdout.write(`::${level} ${properties}::${data(told)}\n`);
    },
  };
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
