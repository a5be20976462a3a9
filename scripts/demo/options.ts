import { parseArgs } from 'node:util';

const SCENES = [1, 2, 3, 4] as const;
export type SceneNumber = (typeof SCENES)[number];

/** What the demo was asked for. */
export type DemoOptions = {
  readonly scenes: readonly SceneNumber[];
  /** Leave everything running afterwards. */
  readonly keep: boolean;
  readonly help: boolean;
};

export const USAGE = `npm run demo -- [options]

The whole loop on this machine, on 10,000 real digits: a push trains and deploys a first model (1), a comment retrains it (2),
the traffic drifts and is learnt again (3), a bad model is taken back (4).

  --scene N   Play this scene only; can be given several times. Scenes 2 to 4 first train quietly.
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
    const scene = SCENES.find((known) => String(known) === text);
    if (scene === undefined) throw new Error(`There is no scene ${text}: one of ${SCENES.join(', ')}.`);
    return scene;
  });
  return { scenes: scenes.length === 0 ? SCENES : scenes, keep: values.keep, help: values.help };
}
