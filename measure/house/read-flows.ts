import ts from 'typescript';
import { type House, type Source, sourcesIn } from './open-house.ts';
import {
  type DeclaredAt,
  membersOf,
  placesOf,
  type Relating,
  relatePart,
  relateTypes,
  startRelating,
} from './relate-types.ts';

/** What runs for a user: the commands are part of it. */
const PRODUCTION = ['core', 'adapters', 'actions', 'agent', 'cli', 'scripts'];

/** What is done to properties, by the place each is declared at. */
export type Flows = {
  /** Files that read it. */
  readonly reads: ReadonlyMap<DeclaredAt, ReadonlySet<string>>;
  /** Places whose property an object literal or an assignment gives a value. */
  readonly sets: ReadonlySet<DeclaredAt>;
  /** To where the values of a property go on, under the same name in another type. */
  readonly pairs: ReadonlyMap<DeclaredAt, ReadonlySet<DeclaredAt>>;
};

type Reading = {
  readonly checker: ts.TypeChecker;
  readonly relating: Relating;
  readonly onRead: (property: ts.Symbol | undefined) => void;
  readonly onSet: (property: ts.Symbol | undefined) => void;
};

const known = new WeakMap<House, Flows>();

/** Follows the values of production by the type checker: which properties are read, which are set, and which become which. */
export function readFlows(house: House): Flows {
  const before = known.get(house);
  if (before !== undefined) return before;
  const flows = followSources(house.checker, sourcesIn(house, PRODUCTION));
  known.set(house, flows);
  return flows;
}

function followSources(checker: ts.TypeChecker, sources: readonly Source[]): Flows {
  const reads = new Map<DeclaredAt, Set<string>>();
  const sets = new Set<DeclaredAt>();
  const pairs = new Map<DeclaredAt, Set<DeclaredAt>>();
  for (const { file, tree } of sources) {
    const onWhole = (place: DeclaredAt) => addTo(reads, place, file);
    const onGiven = (place: DeclaredAt) => sets.add(place);
    const onPair = (from: DeclaredAt, to: DeclaredAt) => addTo(pairs, from, to);
    followTree(tree, {
      checker,
      // A pair of types followed for one file is followed again for the next: what it reads, that file reads, too.
      relating: startRelating(checker, { onPair, onGiven, onWhole }),
      onRead: (property) => placesOf(property).forEach(onWhole),
      onSet: (property) => placesOf(property).forEach(onGiven),
    });
  }
  return { reads, sets, pairs };
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

function followTree(node: ts.Node, reading: Reading): void {
  if (ts.isPropertyAccessExpression(node)) followAccess(node, reading);
  if (ts.isElementAccessExpression(node)) followElement(node, reading);
  if (ts.isBindingElement(node)) followBinding(node, reading);
  if (ts.isObjectLiteralExpression(node)) followLiteral(node, reading);
  if (ts.isExpression(node)) followValue(node, reading);
  ts.forEachChild(node, (child) => followTree(child, reading));
}

function followAccess(node: ts.PropertyAccessExpression, { checker, onRead, onSet }: Reading): void {
  const { parent, name } = node;
  const isAssigned =
    ts.isBinaryExpression(parent) &&
    parent.left === node &&
    parent.operatorToken.kind === ts.SyntaxKind.EqualsToken;
  const follow = isAssigned ? onSet : onRead;
  follow(checker.getSymbolAtLocation(name));
}

/** `options['base-url']`. */
function followElement(node: ts.ElementAccessExpression, { checker, onRead }: Reading): void {
  if (!ts.isStringLiteralLike(node.argumentExpression)) return;
  for (const member of membersOf(checker.getTypeAtLocation(node.expression))) {
    onRead(checker.getPropertyOfType(member, node.argumentExpression.text));
  }
}

/** `const { name } = value`. */
function followBinding(node: ts.BindingElement, { checker, onRead }: Reading): void {
  if (!ts.isObjectBindingPattern(node.parent) || node.dotDotDotToken !== undefined) return;
  const name = node.propertyName ?? node.name;
  if (!ts.isIdentifier(name) && !ts.isStringLiteral(name)) return;
  for (const member of membersOf(checker.getTypeAtLocation(node.parent))) {
    onRead(checker.getPropertyOfType(member, name.text));
  }
}

function followLiteral(node: ts.ObjectLiteralExpression, { checker, onSet }: Reading): void {
  const wanted = checker.getContextualType(node);
  if (wanted === undefined) return;
  const own = checker.getTypeAtLocation(node);
  const fitting = membersOf(wanted).filter((member) => checker.isTypeAssignableTo(own, member));
  for (const member of fitting.length > 0 ? fitting : membersOf(wanted)) {
    for (const name of namesGiven(node)) onSet(checker.getPropertyOfType(member, name));
  }
}

/** Names an object literal gives a value other than `undefined`. */
function namesGiven(node: ts.ObjectLiteralExpression): readonly string[] {
  return node.properties.flatMap((property) => {
    const { name } = property;
    if (name === undefined || !(ts.isIdentifier(name) || ts.isStringLiteral(name))) return [];
    const isNothing =
      ts.isPropertyAssignment(property) &&
      ts.isIdentifier(property.initializer) &&
      property.initializer.text === 'undefined';
    return isNothing ? [] : [name.text];
  });
}

function followValue(node: ts.Expression, { checker, relating }: Reading): void {
  const own = checker.getTypeAtLocation(node);
  const wanted = isTakenApart(node) ? undefined : checker.getContextualType(node);
  if (wanted !== undefined) {
    const relate = ts.isSpreadAssignment(node.parent) ? relatePart : relateTypes;
    relate(relating, own, wanted);
  }
  // What several parts come to may be the type of one of them: the properties of the others are those of the whole then.
  const { parts, whole } = joinedParts(node, own, checker);
  for (const part of parts) relatePart(relating, checker.getTypeAtLocation(part), whole);
}

/** In `const { a } = await b` the pattern is what `b` is expected to be: that says nothing about where `b` goes. */
function isTakenApart({ parent }: ts.Node): boolean {
  if (ts.isAwaitExpression(parent) || ts.isParenthesizedExpression(parent)) return isTakenApart(parent);
  return ts.isVariableDeclaration(parent) && !ts.isIdentifier(parent.name) && parent.type === undefined;
}

function joinedParts(
  node: ts.Expression,
  own: ts.Type,
  checker: ts.TypeChecker,
): { readonly parts: readonly ts.Expression[]; readonly whole: ts.Type } {
  if (ts.isConditionalExpression(node)) return { parts: [node.whenTrue, node.whenFalse], whole: own };
  if (!ts.isArrayLiteralExpression(node)) return { parts: [], whole: own };
  return { parts: node.elements, whole: checker.getIndexTypeOfType(own, ts.IndexKind.Number) ?? own };
}
