import ts from 'typescript';
import { importsOf } from './imports.ts';
import { BESIDE, type House, PRODUCT, partOf, type Source, sourcesIn } from './open-house.ts';

/** Something a file offers to others under a name. */
type Export = { readonly file: string; readonly name: string; readonly isType: boolean };

/** Its exports are what the stubs of the bundle take. */
const BUNDLE_ENTRY = 'actions/index.ts';

/** What a file exports under its own names; what it passes on from another file is the other file's. */
function readExports({ file, tree }: Source): readonly Export[] {
  return tree.statements.flatMap((statement): readonly Export[] => {
    if (ts.isExportAssignment(statement)) return [{ file, name: 'default', isType: false }];
    if (ts.isExportDeclaration(statement)) return readExportList(file, statement);
    if (!ts.canHaveModifiers(statement)) return [];
    const isExported = ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (isExported !== true) return [];
    const isType = ts.isTypeAliasDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    return namesOf(statement).map((name) => ({ file, name, isType }));
  });
}

function readExportList(file: string, { exportClause, moduleSpecifier, isTypeOnly }: ts.ExportDeclaration) {
  if (moduleSpecifier !== undefined || exportClause === undefined || !ts.isNamedExports(exportClause))
    return [];
  return exportClause.elements.map(({ name }) => ({ file, name: name.text, isType: isTypeOnly }));
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => namesOfBinding(name));
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement);
  return isNamed ? [statement.name?.text ?? 'default'] : [];
}

function namesOfBinding(name: ts.BindingName): readonly string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isBindingElement(element) ? namesOfBinding(element.name) : [],
  );
}

/** Who takes an export: somebody, tests alone, or nobody. Tests are what the stand-ins and the evidence are for, so there they count. */
type Idle = Export & { readonly takenBy: 'tests' | 'nobody' };

/** The exports that no file but a test imports. */
export function findIdleExports(house: House): readonly Idle[] {
  const takers = new Map<string, Set<string>>();
  for (const { from, to, names } of importsOf(house)) {
    const side = partOf(from);
    for (const name of names === 'all' ? ['*'] : names) {
      const key = `${to}#${name}`;
      takers.set(key, (takers.get(key) ?? new Set()).add(side));
    }
  }
  return sourcesIn(house, [...PRODUCT, ...BESIDE])
    .filter(({ file }) => file !== BUNDLE_ENTRY)
    .flatMap(readExports)
    .flatMap((exported): readonly Idle[] => {
      const { file, name } = exported;
      const sides = new Set([...(takers.get(`${file}#${name}`) ?? []), ...(takers.get(`${file}#*`) ?? [])]);
      if (sides.size === 0) return [{ ...exported, takenBy: 'nobody' }];
      const isForTests = partOf(file) === 'sandbox' || partOf(file) === 'measure';
      return sides.size === 1 && sides.has('test') && !isForTests ? [{ ...exported, takenBy: 'tests' }] : [];
    });
}

/** Types that more than one file exports under one name, with these files. */
export function findDoubledTypes(house: House): readonly { name: string; files: readonly string[] }[] {
  const types = sourcesIn(house, [...PRODUCT, 'sandbox', 'measure'])
    .flatMap(readExports)
    .filter(({ isType }) => isType);
  return [...Map.groupBy(types, ({ name }) => name)]
    .map(([name, exported]) => ({ name, files: exported.map(({ file }) => file).toSorted() }))
    .filter(({ files }) => files.length > 1)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}
