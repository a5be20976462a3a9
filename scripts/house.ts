import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeHouse, type Figure } from '../measure/house/describe-house.ts';
import { openHouse } from '../measure/house/open-house.ts';
import { ROOT } from '../sandbox/checkout.ts';

const HELP = `npm run house [-- [--repo DIR] [--places]]

Counts what the rules of the house are about: rooms, sizes, circles, exports, promises.

  --repo DIR  another checkout, its packages installed (this one)
  --places    say where each of them is
`;

process.exitCode = main();

function main(): number {
  const { values } = parseArgs({
    options: {
      repo: { type: 'string', default: ROOT },
      places: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const figures = describeHouse(openHouse(resolve(values.repo)));
  process.stdout.write(`${figures.map((figure) => renderFigure(figure, values.places)).join('\n')}\n`);
  return 0;
}

function renderFigure({ name, value, places }: Figure, withPlaces: boolean): string {
  const line = `${String(value).padStart(5)}  ${name}`;
  return withPlaces ? [line, ...places.map((place) => `         ${place}`)].join('\n') : line;
}
