import { lookUp } from '../state.ts';

/** Why a code can't be muted, and what to do instead. */
export type MuteBar = { readonly code: 'never-muted'; readonly message: string; readonly remedy: string };

/** What protects users at once: nothing a person says of it may make the monitor silent. */
const PROTECTS: Readonly<Record<string, string>> = {
  'champion-braked': 'a host took this version off its users for harm, and others still give it to theirs',
  'served-unknown':
    'users get answers of a version that the ledger does not know, so nothing was judged of it',
};

/** What the monitor prints beside its findings: why nothing is done about them now. */
const OBSTACLES: ReadonlySet<string> = new Set([
  ...['retrain-open', 'rollout-open', 'delivery-open', 'retrain-manual'],
  ...['retrain-cooldown', 'retrain-budget-spent', 'frozen', 'nothing-deployed'],
]);

/** Why nobody may mute that code, or `undefined` where people may. */
export function findMuteBar(code: string): MuteBar | undefined {
  const [kind = ''] = code.split(':');
  const why = lookUp(PROTECTS, kind);
  if (why !== undefined) {
    const remedy = 'Mend it: the finding says how, and goes when it is mended.';
    return { code: 'never-muted', message: `\`${kind}\` is never muted: ${why}.`, remedy };
  }
  if (!OBSTACLES.has(kind)) return undefined;
  const message = `\`${kind}\` is no finding: it says why nothing is done about one now.`;
  return { code: 'never-muted', message, remedy: 'Mute the finding that stands beside it.' };
}
