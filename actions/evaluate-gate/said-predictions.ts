import { UserError } from '../../core/errors.ts';
import { digestSchema } from '../../core/identity/digest.ts';
import { readHandedOn } from '../job/handoff.ts';

/** The digests of the predictions, as the jobs that made them say: no one else's are believed. */
export type SaidPredictions = { readonly challenger: string; readonly champion: string | undefined };

/**
 * Reads the input `predictions`: `challenger=sha256:…` and `champion=sha256:…`, one a line; the champion's is empty where there is none.
 * Throws a UserError for anything else.
 */
export function readSaidPredictions(text: string): SaidPredictions {
  const lines = text.split('\n').flatMap((line) => {
    const [side = '', digest = ''] = line.trim().split('=');
    return side === '' ? [] : [[side, digest] as const];
  });
  const said = new Map(lines);
  const champion = said.get('champion') ?? '';
  return {
    challenger: requireDigest('challenger', readHandedOn('predictions', said.get('challenger') ?? '')),
    champion: champion === '' ? undefined : requireDigest('champion', champion),
  };
}

function requireDigest(side: string, digest: string): string {
  if (digestSchema.safeParse(digest).success) return digest;
  throw new UserError([
    {
      code: 'invalid-predictions-input',
      message: `The input predictions names no digest for the ${side}.`,
      remedy: `Pass \`challenger=\${{ needs.predict.outputs.predictions }}\` and \`champion=\${{ needs.predict-champion.outputs.predictions }}\`, one a line.`,
    },
  ]);
}
