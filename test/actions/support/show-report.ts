import { renderMarkdown } from '../../../core/report/render-markdown.ts';
import type { Report } from '../../../core/report/report.ts';

/** The report as the job summary shows it. */
export function showReport(report: Report): string {
  return renderMarkdown(report, { kind: 'summary' });
}
