import ts from 'typescript';
import type { House, Source } from './open-house.ts';

const DEEPEST_PATH = 3;

/** What a function does with a parameter: the paths it names (`''`: the whole of it), and what it passes on to whom. */
export type ParameterUses = {
  readonly paths: Set<string>;
  readonly passed: { readonly path: string; readonly to: ts.ParameterDeclaration; readonly at: string }[];
};

type AllUses = ReadonlyMap<ts.ParameterDeclaration, ParameterUses>;

/** For every parameter of the functions in these files, what is done with it. */
export function collectUses({ checker }: House, sources: readonly Source[]): AllUses {
  const all = new Map<ts.ParameterDeclaration, ParameterUses>();
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      for (const parameter of node.parameters) {
        const uses: ParameterUses = { paths: new Set(), passed: [] };
        all.set(parameter, uses);
        followBinding({ checker, body: node, uses }, parameter.name, '');
      }
    }
    ts.forEachChild(node, visit);
  };
  for (const { tree } of sources) visit(tree);
  return all;
}

/** Adds to each parameter's uses those of the parameters it is passed on to, until nothing changes. */
export function spreadUses(all: AllUses): void {
  for (let grew = true; grew; ) {
    grew = false;
    for (const { paths, passed } of all.values()) {
      const before = paths.size;
      for (const { path, to, at } of passed) {
        for (const used of all.get(to)?.paths ?? ['']) addUse(paths, path, used, at);
      }
      grew ||= paths.size > before;
    }
  }
}

/** `used` of the taking parameter, of which the passed value is what stands at `at`. */
function addUse(paths: Set<string>, path: string, used: string, at: string): void {
  if (used === at || used === '' || at.startsWith(`${used}.`)) paths.add(path);
  else if (at === '') paths.add(join(path, used));
  else if (used.startsWith(`${at}.`)) paths.add(join(path, used.slice(at.length + 1)));
}

/** Deeper paths than fields of fields are cut: a function that calls itself would make them longer for ever. */
function join(path: string, name: string): string {
  const whole = path === '' ? name : `${path}.${name}`;
  return whole.split('.').slice(0, DEEPEST_PATH).join('.');
}

type Scope = { readonly checker: ts.TypeChecker; readonly body: ts.Node; readonly uses: ParameterUses };

/** A name, or a pattern that takes the value apart. */
function followBinding(scope: Scope, name: ts.BindingName, path: string): void {
  if (ts.isIdentifier(name)) followName(scope, name, path);
  else
    for (const element of name.elements) if (ts.isBindingElement(element)) followPart(scope, element, path);
}

function followPart(
  scope: Scope,
  { propertyName, name, dotDotDotToken }: ts.BindingElement,
  path: string,
): void {
  const field = propertyName ?? name;
  const isWhole = dotDotDotToken !== undefined || !ts.isIdentifier(field);
  followBinding(scope, name, isWhole ? path : join(path, field.text));
}

function followName(scope: Scope, name: ts.Identifier, path: string): void {
  const symbol = scope.checker.getSymbolAtLocation(name);
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && node.text === name.text && node !== name) {
      const isShort = ts.isShorthandPropertyAssignment(node.parent);
      const meant = isShort
        ? scope.checker.getShorthandAssignmentValueSymbol(node.parent)
        : scope.checker.getSymbolAtLocation(node);
      if (meant === symbol) followValue(scope, node, path);
    }
    ts.forEachChild(node, visit);
  };
  visit(scope.body);
}

/** An expression that is the value at `path`: what becomes of it? */
function followValue(scope: Scope, node: ts.Expression, path: string): void {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) {
    followValue(scope, parent, join(path, parent.name.text));
  } else if (ts.isVariableDeclaration(parent) && parent.initializer === node) {
    followBinding(scope, parent.name, path);
  } else {
    const place = findArgument(scope.checker, node);
    if (place === undefined) scope.uses.paths.add(path);
    else scope.uses.passed.push({ path, ...place });
  }
}

/** Which parameter of which function a value goes to, by itself or as a part of an object written there. */
function findArgument(
  checker: ts.TypeChecker,
  node: ts.Expression,
): { readonly to: ts.ParameterDeclaration; readonly at: string } | undefined {
  const names: string[] = [];
  let value: ts.Node = node;
  for (;;) {
    const { parent }: ts.Node = value;
    if (ts.isPropertyAssignment(parent) || ts.isShorthandPropertyAssignment(parent)) {
      names.unshift(parent.name.getText());
    } else if (ts.isCallExpression(parent)) {
      const index = parent.arguments.findIndex(({ pos }) => pos === value.pos);
      const declaration = checker.getResolvedSignature(parent)?.declaration;
      if (index < 0 || declaration === undefined || !('body' in declaration)) return undefined;
      const to = declaration.parameters[index];
      return to === undefined || !ts.isParameter(to) || to.dotDotDotToken !== undefined
        ? undefined
        : { to, at: names.join('.') };
    } else if (!ts.isSpreadAssignment(parent) && !ts.isObjectLiteralExpression(parent)) return undefined;
    value = parent;
  }
}
