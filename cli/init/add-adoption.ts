import { type Document, isMap, isScalar, parseDocument } from 'yaml';
import { z } from 'zod';
import { ADOPT, type AdoptedModel } from '../../core/init/adopt-model.ts';

const entrySchema = z.object({ parameters: z.unknown().optional(), command: z.string().optional() });

/**
 * MLproject with the entry point that logs this model, beside the one that trains: it takes the same parameters, and needs none. All else stays as
 * it is written. `undefined` where an entry point of that name does something else, or where there are none to stand beside.
 */
export function addAdoption(mlproject: string, train: string, { uri }: AdoptedModel): string | undefined {
  const document = parseDocument(mlproject);
  const points = document.get('entry_points', true);
  if (!isMap(points)) return undefined;
  const command = `python ${ADOPT.script} ${uri}`;
  const [own, trains] = [ADOPT.entryPoint, train].map((name) =>
    entrySchema.safeParse(toData(document, points.get(name))),
  );
  if (points.has(ADOPT.entryPoint)) return own?.data?.command === command ? mlproject : undefined;
  const [first] = points.items;
  const [end, key] = [points.range?.[1], first?.key];
  if (points.flow === true || end === undefined || !isScalar(key) || key.range == null) return undefined;
  const begin = mlproject.lastIndexOf('\n', key.range[0]) + 1;
  const indent = mlproject.slice(begin, key.range[0]);
  const { parameters } = trains?.data ?? {};
  const lines = [
    `${indent}${ADOPT.entryPoint}: # logs a model that exists, in the place of a training`,
    ...(parameters === undefined ? [] : [`${indent}  parameters: ${JSON.stringify(parameters)}`]),
    `${indent}  command: ${JSON.stringify(command)}`,
  ];
  const before = mlproject.slice(0, end);
  return `${before}${before.endsWith('\n') ? '' : '\n'}${lines.join('\n')}\n${mlproject.slice(end)}`;
}

function toData(document: Document, node: unknown): unknown {
  return isMap(node) ? node.toJS(document) : undefined;
}
