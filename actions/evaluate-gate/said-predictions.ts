import { type BoxLevel, boxLevelSchema } from '../../core/box-level.ts';
import { optional } from '../../core/config/optional.ts';
import { UserError } from '../../core/errors.ts';
import { digestSchema } from '../../core/identity/digest.ts';
import { readHandedOn } from '../job/handoff.ts';

/** What the job that made predictions says of them: their digest, in what box the model ran, and the digest of the explanation, if any. */
type SaidSide = { readonly digest: string; readonly box: BoxLevel; readonly explanation?: string };

/** The predictions, as the jobs that made them say: no one else is believed. */
export type SaidPredictions = { readonly challenger: SaidSide; readonly champion: SaidSide | undefined };

/**
 * Reads the input `predictions`: `challenger=sha256:…`, `challenger-box=namespaces`, `challenger-explanation=sha256:…`, and the same of
 * the champion, one a line; the champion's are empty where there is none, and explanations where none were made. Throws a UserError for anything else.
 */
export function readSaidPredictions(text: string): SaidPredictions {
  const lines = text.split('\n').flatMap((line) => {
    const [name = '', value = ''] = line.trim().split('=');
    return name === '' ? [] : [[name, value] as const];
  });
  const said = new Map(lines);
  const sideOf = (side: string): SaidSide =>
    requireSide(side, {
      ...{ digest: said.get(side) ?? '', box: said.get(`${side}-box`) ?? '' },
      explanation: said.get(`${side}-explanation`) ?? '',
    });
  readHandedOn('predictions', said.get('challenger') ?? '');
  return {
    challenger: sideOf('challenger'),
    champion: (said.get('champion') ?? '') === '' ? undefined : sideOf('champion'),
  };
}

function requireSide(
  side: string,
  { digest, box, explanation }: Readonly<Record<'digest' | 'box' | 'explanation', string>>,
): SaidSide {
  const level = boxLevelSchema.safeParse(box);
  if (digestSchema.safeParse(digest).success && level.success) {
    const explained = digestSchema.safeParse(explanation).data;
    return { digest, box: level.data, ...optional('explanation', explained) };
  }
  const job = side === 'champion' ? 'predict-champion' : 'predict';
  throw new UserError([
    {
      code: 'invalid-predictions-input',
      message: `The input predictions names no digest for the ${side}, or no box that it ran in.`,
      remedy: `Pass \`${side}=\${{ needs.${job}.outputs.predictions }}\` and \`${side}-box=\${{ needs.${job}.outputs.box }}\`, one a line, and use the same version of all Trainyard actions.`,
    },
  ]);
}
