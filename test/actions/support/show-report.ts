import type { Outcome } from '../../../actions/job/outcome.ts';
import { renderMarkdown } from '../../../core/report/render-markdown.ts';

/** The report as the job summary shows it. */
export function showReport(report: Outcome['report']): string {
  return typeof report === 'string' ? report : renderMarkdown(report, { kind: 'summary' });
}
