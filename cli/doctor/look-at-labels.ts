import { z } from 'zod';
import { findCheckout } from '../../adapters/git/describe-checkout.ts';
import { linesOf } from '../../adapters/run-command.ts';
import { type Checked, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Caller } from '../../core/check/workflow.ts';
import { readCallers } from '../check/read-callers.ts';
import { runGitHubCli } from '../github-cli.ts';
import type { Surroundings } from '../surroundings.ts';

const SUBJECT = 'labels';
/** What GitHub's own runners are never labelled with: those are there whenever they are asked for. */
const OWN = 'self-hosted';
const labelsSchema = z.union([z.string().transform((one) => [one]), z.array(z.string())]);
/** A runner a line: its status, and its labels. */
const LIST = [
  ...['api', '--paginate', 'repos/{owner}/{repo}/actions/runners', '--jq'],
  '.runners[] | .status + "\\t" + ([.labels[].name] | join(","))',
];

/** Whether a runner waits for each set of labels that the workflows ask for: a job for which there is none waits a day, and nobody says so. */
export async function lookAtLabels(file: string, { cwd, env }: Surroundings): Promise<readonly Checked[]> {
  const folder = (await findCheckout(cwd)) ?? cwd;
  const asked = new Set((await readCallers(folder, file)).flatMap(labelsOf));
  if (asked.size === 0) return [];
  const { code, stdout } = await runGitHubCli({ folder: cwd, env }, { args: LIST });
  if (code !== 0) return [passedOver(SUBJECT, "They can't be looked at with this login.")];
  const online = linesOf(stdout).flatMap((line) => {
    const [status, labels = ''] = line.split('\t');
    return status === 'online' ? [new Set(labels.toLowerCase().split(','))] : [];
  });
  return [...asked].flatMap((text) => {
    const labels = text.split(', ');
    if (online.some((has) => labels.every((label) => has.has(label.toLowerCase()))))
      return [fine(SUBJECT, `one waits for jobs labelled ${text}`)];
    return warnings(SUBJECT, [
      {
        code: 'no-runner',
        message: `No runner of this repository is online with all of the labels ${text}: jobs would wait for it.`,
        remedy:
          'Start one with these labels (Settings, Actions, Runners), or name those of one that is there with --gpu-runner and --control-runner of init. A runner of the organisation is not seen from here.',
      },
    ]);
  });
}

/** The sets of labels that a caller asks for and that only runners of one's own have. */
function labelsOf({ given }: Caller): readonly string[] {
  return ['gpu-runner', 'control-runner'].flatMap((name) => {
    const labels = labelsSchema.safeParse(parse(given.with[name]));
    return labels.success && labels.data.includes(OWN) ? [labels.data.join(', ')] : [];
  });
}

function parse(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}
