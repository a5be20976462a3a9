import ts from 'typescript';
import { type House, sourcesIn } from './open-house.ts';

/** Where the rule "append only while this rollout is still the open one" is typed by hand: files with lines. */
export function findOpenGuards(house: House): readonly string[] {
  return sourcesIn(house, ['actions']).flatMap(({ file, tree }) => {
    const found: string[] = [];
    const visit = (node: ts.Node, isProposal: boolean): void => {
      if (isProposal && ts.isBinaryExpression(node) && comparesOpenRollout(house.checker, node)) {
        found.push(`${file}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
      }
      ts.forEachChild(node, (child) => visit(child, isProposal || isProposed(child)));
    };
    visit(tree, false);
    return found;
  });
}

/** A function that says what to append, given to whatever appends. */
function isProposed(node: ts.Node): boolean {
  if (!ts.isArrowFunction(node) || !ts.isCallExpression(node.parent)) return false;
  return /append/i.test(node.parent.expression.getText());
}

/** `rollout?.id !== id`, of a rollout that may have ended. */
function comparesOpenRollout(checker: ts.TypeChecker, { operatorToken, left }: ts.BinaryExpression): boolean {
  const { EqualsEqualsEqualsToken, ExclamationEqualsEqualsToken } = ts.SyntaxKind;
  if (operatorToken.kind !== EqualsEqualsEqualsToken && operatorToken.kind !== ExclamationEqualsEqualsToken) {
    return false;
  }
  if (!ts.isPropertyAccessExpression(left) || left.name.text !== 'id') return false;
  const type = checker.getNonNullableType(checker.getTypeAtLocation(left.expression));
  return type.aliasSymbol?.name === 'Rollout';
}
