import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '../core/errors.ts';
import { STATE_DIR } from '../sandbox/checkout.ts';
import { backupStack, restoreStack } from '../sandbox/stack/backup.ts';
import { startStack } from '../sandbox/stack/stack.ts';

const HELP = `npm run stack -- [up | backup INTO | restore FROM] [--folder DIR]

MLflow on PostgreSQL and an object store that speaks S3, with room for searches in the same database: on this machine, on its loopback
address alone, from wheels. deploy/compose.yaml is the same for a team, with Docker.

  up            starts it and says by which variables it is used; Ctrl-C ends it, and what it keeps stays (the default)
  backup INTO   saves registry, runs, studies and artifacts into a new folder; it may run meanwhile
  restore FROM  puts such a backup in the place of all that it keeps; it may not run meanwhile

  --folder DIR  where it keeps its data, ports and passwords (default .trainyard/stack)
`;

process.exit(await main());

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { folder: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  const [verb = 'up', place, ...rest] = positionals;
  const takesPlace = verb === 'backup' || verb === 'restore';
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if ((verb !== 'up' && !takesPlace) || takesPlace !== (place !== undefined) || rest.length > 0) {
    console.error(HELP);
    return 2;
  }
  const folder = path.resolve(values.folder ?? path.join(STATE_DIR, 'stack'));
  try {
    if (verb === 'up' || place === undefined) await serve(folder);
    else if (verb === 'backup') console.log(await backupStack(folder, path.resolve(place), new Date()));
    else console.log(await restoreStack(folder, path.resolve(place)));
    return 0;
  } catch (thrown) {
    console.error(messageOf(thrown));
    return 1;
  }
}

async function serve(folder: string): Promise<void> {
  const ended = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => ended.resolve());
  // Nobody listens any more: whoever started it is gone, and what was started here is ended all the same.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => ended.resolve());
  console.log('Starting PostgreSQL, the object store and MLflow: some ten seconds.');
  const stack = await startStack(folder);
  try {
    for (const [name, value] of Object.entries(stack.environment)) console.log(`export ${name}='${value}'`);
    console.log('Ready. Ctrl-C ends all of it.');
    await ended.promise;
  } finally {
    await stack.stop();
  }
}
