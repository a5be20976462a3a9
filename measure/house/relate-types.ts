import ts from 'typescript';

/** Where a property is declared: a line of a type, of an object literal, or of a schema. */
export type DeclaredAt = ts.Declaration;

/** What a value's going from one type to another says of the properties of both. */
type Relation = {
  /** The property of the giving type becomes that of the taking type. */
  readonly onPair: (from: DeclaredAt, to: DeclaredAt) => void;
  /** The taking property gets its value from something with no declaration of its own: a mapped type, a record. */
  readonly onGiven: (to: DeclaredAt) => void;
  /** The value goes where no type names its properties: into JSON, into a library. */
  readonly onWhole: (from: DeclaredAt) => void;
};

/** The relation of all types of one program; each pair of types is followed once. */
export type Relating = {
  readonly checker: ts.TypeChecker;
  readonly relation: Relation;
  readonly related: Map<ts.Type, Set<ts.Type>>;
  readonly consumed: Set<ts.Type>;
};

const ANYTHING = ts.TypeFlags.Any | ts.TypeFlags.Unknown;
/** Types deeper in each other than this are taken for recursive. */
const DEEPEST = 12;

/** Begins to relate types: nothing has been followed yet. */
export function startRelating(checker: ts.TypeChecker, relation: Relation): Relating {
  return { checker, relation, related: new Map(), consumed: new Set() };
}

/**
 * Follows a value from its own type to the type of the place it goes to, property by property, through arrays, records, promises and
 * functions.
 */
export function relateTypes(relating: Relating, from: ts.Type, to: ts.Type, depth = 0): void {
  if (from === to || depth > DEEPEST) return;
  const known = relating.related.get(from) ?? new Set();
  if (known.has(to)) return;
  relating.related.set(from, known.add(to));
  if (to.flags & ANYTHING) consumeType(relating, from, depth);
  else if (from.isUnion() || to.isUnion()) relateMembers(relating, from, to, depth);
  else if (isObject(from) && isObject(to)) {
    relateArguments(relating, from, to, depth);
    relateIndexes(relating, from, to, depth);
    relateCalls(relating, from, to, depth);
    relateProperties(relating, from, to, depth);
  }
}

/** The same for a value that gives only a part of the whole, as in a spread: it need not fit by itself, and a record may give anything. */
export function relatePart(relating: Relating, from: ts.Type, to: ts.Type): void {
  const { checker, relation } = relating;
  for (const given of membersOf(from).filter(isObject)) {
    for (const taken of membersOf(to).filter(isObject)) {
      relateProperties(relating, given, taken, 1);
      if (checker.getIndexTypeOfType(given, ts.IndexKind.String) === undefined) continue;
      for (const property of checker.getPropertiesOfType(taken)) placesOf(property).forEach(relation.onGiven);
    }
  }
}

/** The members of a union, or the type itself. */
export function membersOf(type: ts.Type): readonly ts.Type[] {
  return type.isUnion() ? type.types : [type];
}

/** Where a property is declared; nowhere when the checker made it up. */
export function placesOf(property: ts.Symbol | undefined): readonly DeclaredAt[] {
  return property?.declarations ?? [];
}

function relateMembers(relating: Relating, from: ts.Type, to: ts.Type, depth: number): void {
  for (const given of membersOf(from).filter(isObject)) {
    for (const taken of membersOf(to).filter(isObject)) {
      const fits = relating.checker.isTypeAssignableTo(given, taken);
      if (fits) relateTypes(relating, given, taken, depth + 1);
    }
  }
}

/** `Promise<A>` into `Promise<B>`, `A[]` into `readonly B[]`. */
function relateArguments(relating: Relating, from: ts.Type, to: ts.Type, depth: number): void {
  const taken = argumentsOf(relating.checker, to);
  for (const [index, given] of argumentsOf(relating.checker, from).entries()) {
    const other = taken[index];
    if (other !== undefined) relateTypes(relating, given, other, depth + 1);
  }
}

function relateIndexes(relating: Relating, from: ts.Type, to: ts.Type, depth: number): void {
  const { checker } = relating;
  const index = checker.getIndexTypeOfType(to, ts.IndexKind.String);
  if (index === undefined) return;
  const own = checker.getIndexTypeOfType(from, ts.IndexKind.String);
  if (own !== undefined) relateTypes(relating, own, index, depth + 1);
  for (const property of checker.getPropertiesOfType(from)) {
    if (index.flags & ANYTHING) consumeProperty(relating, property, depth);
    else relateTypes(relating, checker.getTypeOfSymbol(property), index, depth + 1);
  }
}

function relateCalls(relating: Relating, from: ts.Type, to: ts.Type, depth: number): void {
  const { checker } = relating;
  const [given, ...moreGiven] = from.getCallSignatures();
  const [taken, ...moreTaken] = to.getCallSignatures();
  if (given === undefined || taken === undefined || moreGiven.length + moreTaken.length > 0) return;
  relateTypes(relating, given.getReturnType(), taken.getReturnType(), depth + 1);
  for (const [index, parameter] of given.getParameters().entries()) {
    const other = taken.getParameters()[index];
    if (other === undefined) continue;
    relateTypes(relating, checker.getTypeOfSymbol(other), checker.getTypeOfSymbol(parameter), depth + 1);
  }
}

function relateProperties(relating: Relating, from: ts.Type, to: ts.Type, depth: number): void {
  const { checker, relation } = relating;
  if (isBuiltIn(to)) return;
  for (const taken of checker.getPropertiesOfType(to)) {
    const given = checker.getPropertyOfType(from, taken.name);
    if (given === undefined) continue;
    for (const other of placesOf(taken)) {
      if (given.declarations === undefined) relation.onGiven(other);
      for (const one of placesOf(given)) if (one !== other) relation.onPair(one, other);
    }
    relateTypes(relating, checker.getTypeOfSymbol(given), checker.getTypeOfSymbol(taken), depth + 1);
  }
}

function consumeType(relating: Relating, type: ts.Type, depth: number): void {
  if (relating.consumed.has(type) || depth > DEEPEST) return;
  relating.consumed.add(type);
  for (const member of membersOf(type).filter(isObject)) {
    for (const argument of argumentsOf(relating.checker, member)) consumeType(relating, argument, depth + 1);
    if (isBuiltIn(member)) continue;
    for (const property of relating.checker.getPropertiesOfType(member)) {
      consumeProperty(relating, property, depth);
    }
  }
}

function consumeProperty(relating: Relating, property: ts.Symbol, depth: number): void {
  placesOf(property).forEach(relating.relation.onWhole);
  consumeType(relating, relating.checker.getTypeOfSymbol(property), depth + 1);
}

function isObject(type: ts.Type): boolean {
  return (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0;
}

/** Whether a type is the language's or a package's own: an array, a promise, a stream of Node. */
function isBuiltIn(type: ts.Type): boolean {
  const [place] = placesOf(type.getSymbol());
  return place?.getSourceFile().isDeclarationFile === true;
}

function argumentsOf(checker: ts.TypeChecker, type: ts.Type): readonly ts.Type[] {
  return isReference(type) ? checker.getTypeArguments(type) : [];
}

function isReference(type: ts.Type): type is ts.TypeReference {
  const flags = 'objectFlags' in type && typeof type.objectFlags === 'number' ? type.objectFlags : 0;
  return (flags & ts.ObjectFlags.Reference) !== 0;
}
