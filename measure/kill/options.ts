import { parseArgs } from 'node:util';
import { z } from 'zod';

export const USAGE = `npm run test:kill -- [--seed S] [--moments N] [--only K] [--lanes N]

Rolls out small models with a real agent, Envoy, TorchServe, MLflow and the deploy action, and kills the agent with -9 at N
random moments (200); at one in ten the model servers too, at one in ten the deploy job too. Each rollout must end as an
undisturbed one does. The same seed (1) draws the same moments; --only plays the moment K again (0 is the first). So many hosts
as --lanes says (2) are at work side by side.
`;

const optionsSchema = z.object({
  seed: z.string().min(1),
  moments: z.coerce.number().int().positive(),
  only: z.coerce.number().int().nonnegative().optional(),
  lanes: z.coerce.number().int().positive(),
});

/** What the command line asks for; `undefined` when it asks for the usage, or for what there is not. */
export function readKillArguments(argv: readonly string[]): z.infer<typeof optionsSchema> | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: 'string', default: '1' },
      moments: { type: 'string', default: '200' },
      only: { type: 'string' },
      lanes: { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  });
  const parsed = optionsSchema.safeParse(values);
  return values.help || !parsed.success ? undefined : parsed.data;
}
