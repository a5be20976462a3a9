import ts from 'typescript';
import type { Source } from './open-house.ts';

/** A function with a body, and how many lines it stands on, its own signature and end included. */
type FunctionSize = { readonly file: string; readonly name: string; readonly lines: number };

/** Lines of a file, the last line's end not counted as one more. */
export function countLines({ tree }: Source): number {
  const { line, character } = tree.getLineAndCharacterOfPosition(tree.getEnd());
  return character === 0 ? line : line + 1;
}

/** Every function of a file, methods and arrow functions included. */
export function measureFunctions({ file, tree }: Source): readonly FunctionSize[] {
  const found: FunctionSize[] = [];
  const lineOf = (position: number) => tree.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const lines = lineOf(node.getEnd()) - lineOf(node.getStart(tree)) + 1;
      found.push({ file, name: node.name?.getText(tree) ?? 'a function', lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** The folders of these files, the fullest first: how many files each holds by itself. */
export function countFolders(
  files: readonly string[],
): readonly (readonly [folder: string, files: number])[] {
  const folders = Map.groupBy(files, (file) => file.slice(0, file.lastIndexOf('/')));
  return [...folders]
    .map(([folder, own]) => [folder, own.length] as const)
    .toSorted(([a, left], [b, right]) => right - left || (a < b ? -1 : 1));
}
