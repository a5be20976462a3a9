import ts from 'typescript';
import { type House, sourcesIn } from './open-house.ts';
import { type Flows, readFlows } from './read-flows.ts';
import type { DeclaredAt } from './relate-types.ts';

/** The optional fields of core's types that no production code ever gives a value, as `Type.field`. */
export function findUnsetFields(house: House): readonly string[] {
  const given = spreadSets(readFlows(house));
  return sourcesIn(house, ['core'])
    .flatMap(({ tree }) => findOptional(tree))
    .filter((field) => !given.has(field))
    .map(nameField)
    .toSorted();
}

/** Everything that is set, and everything that a set property's value goes on to. */
function spreadSets({ sets, pairs }: Flows): ReadonlySet<DeclaredAt> {
  const given = new Set(sets);
  const waiting = [...sets, ...[...pairs.keys()].filter(isAlwaysGiven)];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const next of pairs.get(place) ?? []) {
      if (given.has(next)) continue;
      given.add(next);
      waiting.push(next);
    }
  }
  return given;
}

/** A line of an object literal (but for `field: undefined`) or of a schema, a required field, whatever a package declares: there the value comes from somewhere. */
function isAlwaysGiven(place: DeclaredAt): boolean {
  if (ts.isPropertyAssignment(place)) return place.initializer.getText() !== 'undefined';
  const isOptional = ts.isPropertySignature(place) && place.questionToken !== undefined;
  return !isOptional || place.getSourceFile().isDeclarationFile;
}

function findOptional(tree: ts.SourceFile): readonly ts.PropertySignature[] {
  const found: ts.PropertySignature[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertySignature(node) && node.questionToken !== undefined) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

/** `HostReport.serving.package`: the declaration that a field stands in, and the way to it. */
function nameField(field: ts.PropertySignature): string {
  const names: string[] = [];
  for (let node: ts.Node = field; !ts.isSourceFile(node); node = node.parent) {
    const name = isNamed(node) ? node.name?.getText() : undefined;
    if (name !== undefined) names.unshift(name);
  }
  return names.join('.');
}

function isNamed(node: ts.Node) {
  return (
    ts.isPropertySignature(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isFunctionDeclaration(node)
  );
}
