import ts from 'typescript';
import { importsOf } from './imports.ts';
import type { House, Source } from './open-house.ts';
import { readFlows } from './read-flows.ts';
import { type DeclaredAt, membersOf } from './relate-types.ts';

const CONFIG = 'core/config/config.ts';
const SCHEMA = 'core/config/schema/schema.ts';

/**
 * What trainyard.yml promises and nobody keeps: keys that the schema takes and that become no setting and are read by nothing, and
 * settings that nothing outside `core/config` reads.
 */
export function findUnreadKeys(house: House): readonly string[] {
  const { reads, pairs } = readFlows(house);
  const isRead = (places: readonly DeclaredAt[], readers: (file: string) => boolean): boolean => {
    const reached = reach(places, pairs);
    return [...reached].some((place) => [...(reads.get(place) ?? [])].some(readers));
  };
  const keys = schemaFiles(house)
    .flatMap(({ tree }) => findSchemaKeys(tree))
    .filter(({ place }) => !reads.has(place) && !pairs.has(place))
    .map(({ name }) => name);
  const settings = listSettings(house)
    .filter(({ places }) => !isRead(places, (file) => !file.startsWith('core/config/')))
    .map(({ name }) => name);
  return [...new Set([...keys, ...settings])].toSorted();
}

/** The file of the schema and what it is made of. */
function schemaFiles(house: House): readonly Source[] {
  const parts = new Set([SCHEMA]);
  for (const { from, to } of importsOf(house)) if (from === SCHEMA) parts.add(to);
  return house.sources.filter(({ file }) => parts.has(file));
}

/** A place, and wherever its value goes on to. */
function reach(
  places: readonly DeclaredAt[],
  pairs: ReadonlyMap<DeclaredAt, ReadonlySet<DeclaredAt>>,
): ReadonlySet<DeclaredAt> {
  const reached = new Set(places);
  // A set gives what is added while one walks through it, too.
  for (const place of reached) for (const next of pairs.get(place) ?? []) reached.add(next);
  return reached;
}

type Key = { readonly name: string; readonly place: DeclaredAt };

/** The keys of every `z.strictObject({…})`, as the file that declares them says them. */
function findSchemaKeys(tree: ts.SourceFile): readonly Key[] {
  const found: Key[] = [];
  const visit = (node: ts.Node): void => {
    if (
      ts.isCallExpression(node) &&
      /^z\.(strictObject|object|looseObject)$/.test(node.expression.getText())
    ) {
      const [shape] = node.arguments;
      const properties = shape !== undefined && ts.isObjectLiteralExpression(shape) ? shape.properties : [];
      for (const place of properties) {
        if (place.name !== undefined) found.push({ name: `the key ${place.name.getText()}`, place });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

type Setting = { readonly name: string; readonly places: readonly DeclaredAt[] };

/** Every property of `Config`, at any depth: `monitor.retrain.atMost`. */
function listSettings({ sources, checker }: House): readonly Setting[] {
  const tree = sources.find(({ file }) => file === CONFIG)?.tree;
  const declared = tree?.statements.find(
    (node) => ts.isTypeAliasDeclaration(node) && node.name.text === 'Config',
  );
  if (declared === undefined) throw new Error(`${CONFIG} has no type Config`);
  const settings: Setting[] = [];
  const visit = (type: ts.Type, path: string): void => {
    for (const member of membersOf(type)) {
      if ((member.flags & ts.TypeFlags.Object) === 0) continue;
      const element = checker.getIndexTypeOfType(member, ts.IndexKind.Number);
      const value = element ?? checker.getIndexTypeOfType(member, ts.IndexKind.String);
      if (value !== undefined) visit(value, `${path}.*`);
      else visitProperties(member, path);
    }
  };
  const visitProperties = (type: ts.Type, path: string): void => {
    for (const property of checker.getPropertiesOfType(type)) {
      const name = path === '' ? property.name : `${path}.${property.name}`;
      const places = property.declarations ?? [];
      settings.push({ name, places });
      visit(checker.getTypeOfSymbol(property), name);
    }
  };
  visit(checker.getTypeAtLocation(declared), '');
  return settings;
}
