import type { TrackingRun } from '../../core/ports.ts';
import { escapeMarkdown } from '../../core/report/escape-markdown.ts';

/** The training as Markdown: what it made, with which parameters, and how well it did by its own account. */
export function renderTraining(code: 'trained' | 'already-trained', run: TrackingRun): string {
  const title = code === 'trained' ? '### 🏋️ Trained' : '### 🏋️ Trained already';
  const metrics = Object.entries(run.metrics)
    .toSorted(([left], [right]) => left.localeCompare(right))
    .map(([name, value]) => `| ${escapeMarkdown(name)} | ${Number(value.toPrecision(6))} |`);
  const parameters = Object.entries(run.parameters).map(([name, value]) =>
    escapeMarkdown(`${name}=${value}`),
  );
  return [
    title,
    '',
    `MLflow run [${run.runId}](${run.url}) logged \`${run.modelUri ?? 'no model'}\`.`,
    ...(parameters.length === 0 ? [] : ['', `Parameters: ${parameters.join(' ')}`]),
    ...(metrics.length === 0 ? [] : ['', '| metric | value |', '| --- | ---: |', ...metrics]),
  ].join('\n');
}
