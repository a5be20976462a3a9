import { parseArgs } from 'node:util';

/** The scenes that are played unless some are chosen. */
const USUAL = ['1', '2', '3', '4'] as const;
/** Drift of scene 3 by other routes. */
const ROUTES = ['drift-by-cron', 'drift-by-labels'] as const;
const SCENES = [...USUAL, 'tune', ...ROUTES] as const;
export type SceneName = (typeof SCENES)[number];
/** What the demo was asked for. */
export type DemoOptions = {
  readonly scenes: readonly SceneName[];
  /** Leave everything running afterwards. */
  readonly keep: boolean;
  readonly help: boolean;
};

export const USAGE = `npm run demo -- [options]

The whole loop on this machine, on 10,000 real digits: a push trains and deploys a first model (1), a comment retrains it (2),
the traffic drifts and is learnt again (3), a bad model is taken back (4).

  --scene N   Play this scene only; can be given several times. All but the first train quietly before.
              Beside 1 to 4 there are two routes by which drift is learnt without a word of the agent:
              drift-by-cron    as scene 3, and none of the agent's dispatches arrives: the monitor's cron finds it
              drift-by-labels  the digits stay as they are and mean something else: labels that come late tell it
              Each of these two is played alone.
              tune             a comment searches, its pull request is merged, a production run is promoted
  --keep      Leave MLflow, the agent, the model servers and the GitHub stand-in running, and print their addresses.
  --help      This text.

Exits with 1 unless everything that was expected was seen.`;

/** Reads the command line; an option or scene that does not exist is an error with the usage. */
export function readDemoOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      scene: { type: 'string', multiple: true, default: [] },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const scenes = values.scene.map((text) => {
    const scene = SCENES.find((known) => known === text);
    if (scene === undefined) throw new Error(`There is no scene ${text}: one of ${SCENES.join(', ')}.`);
    return scene;
  });
  const route = ROUTES.find((one) => scenes.includes(one));
  if (route !== undefined && scenes.length > 1) {
    const why = 'it needs a first model, and nothing that was trained by itself or came after that.';
    throw new Error(`${route} is played alone: ${why}`);
  }
  return { scenes: scenes.length === 0 ? USUAL : scenes, keep: values.keep, help: values.help };
}
