/** A kind that is refused: by what code, in what words, and what its owner is told to do. */
export type RefusedKind = {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
};

/** How a kind ended: judged and served rightly; refused by `check`; or by a fault of ours, with what was seen. */
export type PlayedKind =
  | { readonly kind: 'works' }
  | RefusedKind
  | { readonly kind: 'wrong'; readonly found: readonly string[] }
  | { readonly kind: 'defect'; readonly message: string };

/** What the page tells of it. */
export type EndedKind =
  | { readonly kind: Exclude<PlayedKind['kind'], 'refused'> }
  | Pick<RefusedKind, 'kind' | 'code' | 'remedy'>;

/** As the table names it: `works`, the code of a refusal, or what is wrong. */
export function nameOutcome(played: PlayedKind): string {
  switch (played.kind) {
    case 'works':
      return 'works';
    case 'refused':
      return played.code;
    case 'wrong':
      return `wrong: ${played.found.join('; ')}`;
    case 'defect':
      return `defect: ${played.message}`;
  }
}
