/** A part of a page that somebody follows, in its order. */
export type Step =
  /** Commands for a shell; those of another terminal go on while the rest is done. */
  | { readonly kind: 'commands'; readonly text: string; readonly isElsewhere: boolean }
  /** What the other terminal says in the meantime: patterns, one a line. */
  | { readonly kind: 'said'; readonly lines: readonly RegExp[] }
  /** Commands that act on GitHub and on real hosts, which no test has. */
  | { readonly kind: 'outside'; readonly commands: readonly string[] };

const FENCE = /^```(?<language>\w*)\n(?<text>[\s\S]*?)^```$/gm;
const ELSEWHERE = /^# in a (?:second|third) terminal\n/;

/** Steps of a page by its fenced blocks: `sh` is run, `text` waited for, `console` stands for what can't be run here. */
export function stepsOf(page: string): readonly Step[] {
  return [...page.matchAll(FENCE)].map(({ groups }) => {
    const text = groups?.['text'] ?? '';
    switch (groups?.['language']) {
      case 'sh':
        return { kind: 'commands', text, isElsewhere: ELSEWHERE.test(text) };
      case 'text':
        return { kind: 'said', lines: text.trimEnd().split('\n').map(patternOf) };
      case 'console':
        return { kind: 'outside', commands: text.trimEnd().split('\n') };
      default:
        throw new Error(`A block is neither sh, text nor console: ${text}`);
    }
  });
}

/** `…` stands for anything. */
function patternOf(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
  return new RegExp(parts.join('.*'));
}
