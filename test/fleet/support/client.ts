/** A steady client as a program of its own, for a namespace of its own: `client.ts URL` prints what it has seen, a line at a time. */
import { startSteadyClient } from '../../../sandbox/traffic/steady-client.ts';

const EVERY_MS = 20;
const REPORT_EVERY_MS = 200;

const [url = ''] = process.argv.slice(2);
const client = startSteadyClient(url, EVERY_MS);
setInterval(() => {
  const seen = { answered: client.answered(), failures: client.failures() };
  process.stdout.write(`${JSON.stringify(seen)}\n`);
}, REPORT_EVERY_MS);
