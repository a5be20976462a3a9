import { data, Evaluator, Lexer, Parser } from '@actions/expressions';

/** The contexts of an expression. */
export type Tree = { readonly [name: string]: string | Tree };

function toData(tree: Tree): data.Dictionary {
  return new data.Dictionary(
    ...Object.entries(tree).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? new data.StringData(value) : toData(value),
    })),
  );
}

const CANCELLED = { name: 'cancelled', minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(false) };

/** A text of a workflow with its expressions evaluated by GitHub's own library. */
export function evaluate(text: string, contexts: Tree): string {
  return text.replaceAll(/\$\{\{(?<expression>.*?)\}\}/gs, (_all, expression: string) => {
    const { tokens } = new Lexer(expression.trim()).lex();
    const tree = new Parser(tokens, Object.keys(contexts), [CANCELLED]).parse();
    const functions = new Map([[CANCELLED.name, CANCELLED]]);
    return new Evaluator(tree, toData(contexts), functions).evaluate().coerceString();
  });
}
