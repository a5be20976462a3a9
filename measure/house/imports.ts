import path from 'node:path';
import ts from 'typescript';
import type { House, Source } from './open-house.ts';

/** One import, types and re-exports included: what is taken, from where to where. */
export type Import = {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly to: string;
  readonly isOwn: boolean;
  /** The names taken; `all` where the module is taken whole. */
  readonly names: readonly string[] | 'all';
};

/** Every import of a repository. */
export function importsOf(house: House): readonly Import[] {
  return house.sources.flatMap(readImports);
}

/** Every import of one file, wherever in it it stands. */
export function readImports({ file, tree }: Source): readonly Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const taken = readImport(node);
    if (taken !== undefined) found.push(describe(file, taken));
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

type Taken = { readonly specifier: string; readonly names: readonly string[] | 'all' };

function describe(file: string, { specifier, names }: Taken): Import {
  const isOwn = specifier.startsWith('.');
  const to = isOwn ? path.posix.join(path.posix.dirname(file), specifier) : specifier;
  return { from: file, to, isOwn, names };
}

function readImport(node: ts.Node): Taken | undefined {
  if (ts.isImportDeclaration(node)) return take(node.moduleSpecifier, namesOfClause(node.importClause));
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return take(node.moduleSpecifier, namesOfBindings(node.exportClause));
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    const { qualifier } = node;
    return take(
      node.argument.literal,
      qualifier === undefined ? 'all' : [qualifier.getText().split('.')[0] ?? ''],
    );
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return take(node.arguments[0], namesOfDynamic(node));
  }
  return undefined;
}

function take(specifier: ts.Node | undefined, names: readonly string[] | 'all'): Taken | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { specifier: specifier.text, names };
}

function namesOfClause(clause: ts.ImportClause | undefined): readonly string[] | 'all' {
  if (clause === undefined) return [];
  const named = clause.namedBindings === undefined ? [] : namesOfBindings(clause.namedBindings);
  if (named === 'all') return 'all';
  return clause.name === undefined ? named : ['default', ...named];
}

function namesOfBindings(
  bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined,
): readonly string[] | 'all' {
  if (bindings === undefined || ts.isNamespaceImport(bindings) || ts.isNamespaceExport(bindings))
    return 'all';
  return bindings.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
}

/** `const { a } = await import(…)` and `(await import(…)).a` take one name; everything else takes the module. */
function namesOfDynamic(call: ts.CallExpression): readonly string[] | 'all' {
  const awaited = ts.isAwaitExpression(call.parent) ? call.parent : call;
  const holder = ts.isParenthesizedExpression(awaited.parent) ? awaited.parent.parent : awaited.parent;
  if (ts.isPropertyAccessExpression(holder) && holder.name.text !== 'then') return [holder.name.text];
  if (!ts.isVariableDeclaration(holder) || !ts.isObjectBindingPattern(holder.name)) return 'all';
  return holder.name.elements.map(({ propertyName, name }) => (propertyName ?? name).getText());
}
