import type { EndedKind } from './played.ts';
import type { ModelKind } from './read-kinds.ts';

/** A kind, and how it ended; nothing where it has not been played. */
type Row = { readonly kind: ModelKind; readonly played: EndedKind | undefined };

const FAMILIES: Readonly<Record<string, string>> = {
  scikit_learn: 'scikit-learn',
  boosting: 'XGBoost, LightGBM, CatBoost',
  statistical: 'statsmodels, Prophet, pmdarima',
  pytorch: 'PyTorch',
  keras_models: 'Keras 3',
  onnx_models: 'ONNX',
  language: 'transformers, sentence-transformers',
  several: 'Several classes, quantiles, rankings',
  own_code: 'Your own code (pyfunc)',
};

/** The whole of docs/models.md; `versions` are lines of pinned requirements. */
export function renderModels(rows: readonly Row[], versions: readonly string[]): string {
  const count = (kind: EndedKind['kind'] | undefined) =>
    rows.filter(({ played }) => played?.kind === kind).length;
  const unplayed = count(undefined);
  const sections = Object.entries(FAMILIES).flatMap(([family, title]) => [
    `## ${title}`,
    '',
    '| Model | Logged by | `answers` in trainyard.yml | |',
    '| --- | --- | --- | --- |',
    ...rows.filter(({ kind }) => kind.family === family).map(renderRow),
    '',
  ]);
  return `${[
    '# Which models work',
    '',
    `${rows.length} kinds of model, logged as their documentation says and taken through the whole chain: training, gate, registration,`,
    `package, and the handler's answers to single rows and to many. ${count('works')} work; ${count('refused')} are refused in`,
    '`trainyard check --model`, by a code and with what to do. A kind *works* where the number that the gate judges is the one that',
    'scikit-learn computes from what the model answers by its own library, and where what is served is what `mlflow.pyfunc` predicts.',
    ...(unplayed === 0 ? [] : [`${unplayed} have not been played with these versions yet.`]),
    '',
    'This page is written by `npm run models` ([how](../measure/README.md#models)). [What answers mean](answers.md) says what to declare.',
    '',
    ...sections,
    '## What to do about a refusal',
    '',
    '| Refused as | What `check` says to do |',
    '| --- | --- |',
    ...renderRemedies(rows),
    '',
    '## With',
    '',
    `${versions.map((line) => `\`${line}\``).join(', ')}.`,
  ].join('\n')}\n`;
}

/** One kind, as a row of its table. */
function renderRow({ kind, played }: Row): string {
  const declares = kind.declares === '' ? '' : code(kind.declares);
  const outcome =
    played?.kind === 'refused' ? `refused: \`${played.code}\`` : (played?.kind ?? 'not played yet');
  return `| ${kind.title} | ${code(kind.logged)} | ${declares} | ${outcome} |`;
}

function code(text: string): string {
  return `\`${text.replaceAll('|', String.raw`\|`)}\``;
}

function renderRemedies(rows: readonly Row[]): readonly string[] {
  const remedies = new Map<string, Set<string>>();
  for (const { played } of rows) {
    if (played?.kind !== 'refused') continue;
    const known = remedies.get(played.code) ?? new Set();
    remedies.set(played.code, known.add(played.remedy.replaceAll('|', String.raw`\|`).replaceAll('\n', ' ')));
  }
  return [...remedies]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, said]) => `| \`${name}\` | ${[...said].join('<br>')} |`);
}
