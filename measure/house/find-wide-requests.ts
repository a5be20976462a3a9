import path from 'node:path';
import ts from 'typescript';
import { type House, PRODUCT, sourcesIn } from './open-house.ts';
import { collectUses, type ParameterUses, spreadUses } from './parameter-uses.ts';
import { membersOf } from './relate-types.ts';

/** More fields than these a function may not take without using them. */
export const MOST_UNUSED = 5;

/** A function that is handed more than it uses: of how many fields, and which of them neither it nor what it calls looks at. */
type WideRequest = {
  readonly file: string;
  readonly name: string;
  readonly fields: number;
  readonly unused: readonly string[];
};

/**
 * Functions of a folder that take more than five fields they do not use. Fields are counted where actions put together what a function
 * gets (requests, ports, contexts), one bag in another opened once; what core and adapters declare, and a port, are one thing each.
 * A field counts as used when the function names it, or passes it to one that does; `directly` counts only what it names itself.
 */
export function findWideRequests(
  house: House,
  folder: string,
  { directly }: { readonly directly: boolean },
): readonly WideRequest[] {
  const uses = collectUses(house, sourcesIn(house, PRODUCT));
  if (!directly) spreadUses(uses);
  const wide: WideRequest[] = [];
  for (const [parameter, used] of uses) {
    const { parent } = parameter;
    const file = house.sources.find(({ tree }) => tree === parameter.getSourceFile())?.file ?? '';
    if (!file.startsWith(folder)) continue;
    const fields = listFields(house, house.checker.getTypeAtLocation(parameter));
    const unused = fields.filter((field) => !isUsed(field, used));
    if (unused.length > MOST_UNUSED) wide.push({ file, name: nameOf(parent), fields: fields.length, unused });
  }
  return wide;
}

function isUsed(field: string, { paths }: ParameterUses): boolean {
  return [...paths].some(
    (path) => path === '' || `${field}.`.startsWith(`${path}.`) || path.startsWith(`${field}.`),
  );
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  return ts.isVariableDeclaration(node.parent) ? node.parent.name.getText() : 'a function';
}

/** The fields of a bag, those of a bag inside it as `ports.ledger`; none for anything else. */
function listFields(house: House, type: ts.Type): readonly string[] {
  const { checker } = house;
  if (!isBag(house, type)) return [];
  return checker.getPropertiesOfType(type).flatMap((property) => {
    const inner = checker.getTypeOfSymbol(property);
    if (!isBag(house, inner)) return [property.name];
    return checker.getPropertiesOfType(inner).map(({ name }) => `${property.name}.${name}`);
  });
}

/** A room of one action; what all share with the runner (`job`) is no bag: the runner filled it. */
const ROOMS = /^actions\/(?!job\/)[^/]+\//;

/** Whether an action put this together to hand it on: a type of its own, most of whose members are no functions. */
function isBag({ root, checker }: House, type: ts.Type): boolean {
  if (membersOf(type).length > 1) return false;
  const properties = checker.getPropertiesOfType(type);
  const isOwn = (place: ts.Declaration) =>
    ts.isPropertySignature(place) && ROOMS.test(path.posix.relative(root, place.getSourceFile().fileName));
  if (
    properties.length === 0 ||
    !properties.every(({ declarations }) => declarations?.every(isOwn) === true)
  ) {
    return false;
  }
  const doers = properties.filter(
    (property) => checker.getTypeOfSymbol(property).getCallSignatures().length > 0,
  );
  return doers.length * 2 < properties.length;
}
