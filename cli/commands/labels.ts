import path from 'node:path';
import { sendLabels } from '../../adapters/agent-client.ts';
import { nameCell } from '../../adapters/holdout/cell.ts';
import { readerOf } from '../../adapters/holdout/readers.ts';
import { createAgentFetch } from '../../adapters/network/agent-fetch.ts';
import { type Config, defaultEnvironment } from '../../core/config/config.ts';
import { fingerprintOf } from '../../core/config/host-address.ts';
import { messageOf } from '../../core/errors.ts';
import { SECRETS } from '../../core/names.ts';
import { findEnvironment } from '../../core/plan/choose-environment.ts';
import { formatCount } from '../../core/report/format-number.ts';
import { type LateLabel, MAX_LABELS } from '../../core/serving/api.ts';
import { secretOf } from '../../core/serving/secret-of.ts';
import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { readPolicy } from '../ledger/read-policy.ts';
import { misused } from '../misused.ts';
import type { Surroundings } from '../surroundings.ts';
import { refuseWith } from './refuse-with.ts';

/** What the columns are called where nobody says otherwise. */
const COLUMNS = { id: 'id', label: 'label' } as const;

/** `trainyard labels`. */
export const labelsCommand: CliCommand = {
  name: 'labels',
  summary:
    'Sends labels that came later to all hosts of an environment; each keeps those of its own predictions.',
  words: 'FILE',
  options: {
    ...CONFIG_OPTION,
    environment: { type: 'string', value: 'NAME', help: 'Whose hosts; without it the default environment.' },
    id: { type: 'string', value: 'COLUMN', default: COLUMNS.id, help: 'Column of the id of the prediction.' },
    label: { type: 'string', value: 'COLUMN', default: COLUMNS.label, help: 'Column of what was true.' },
    'dry-run': { type: 'boolean', help: 'Read the file, say what would be sent, and send nothing.' },
  },
  run: async (given, world) => {
    const { cwd, print } = world;
    const [file] = given.words;
    if (file === undefined)
      throw misused('labels needs a file.', 'Write a .csv, .parquet or .jsonl file behind it.');
    const config = await readPolicy(world, given.text('config') ?? CONFIG_OPTION.config.default);
    const environment = readEnvironment(config, given.text('environment'));
    const { hosts: urls = [], fingerprints } = config.environments[environment] ?? {};
    if (urls.length === 0)
      throw misused(`${environment} has no hosts.`, 'Name one that has, by --environment.');
    const columns = { id: given.text('id') ?? COLUMNS.id, label: given.text('label') ?? COLUMNS.label };
    const { labels, incomplete } = await readLabels(path.resolve(cwd, file), columns);
    const left =
      incomplete === 0 ? '' : `; ${formatCount(incomplete)} rows without an id or a label are left out`;
    print.line(`${formatCount(labels.length)} labels of ${config.model}${left}`);
    if (given.flag('dry-run')) {
      for (const url of urls) print.line(`${url}  would be sent all of them`);
      return 0;
    }
    const sent = await Promise.all(
      urls.map((url) =>
        send(
          { url, environment, fingerprint: fingerprintOf(fingerprints, url) },
          { model: config.model, labels },
          world,
        ),
      ),
    );
    return sent.every(Boolean) ? 0 : 1;
  },
};

function readEnvironment(config: Config, asked: string | undefined): string {
  const name = asked ?? defaultEnvironment(config);
  if (name === undefined) throw misused('There are several environments.', 'Name one by --environment.');
  const found = findEnvironment(config, name);
  if (found.ok) return found.value;
  throw refuseWith(found.error);
}

type Target = {
  readonly url: string;
  readonly environment: string;
  readonly fingerprint: string | undefined;
};

/** Says how it went, and gives whether all went well: labels that were sent twice count once, so all may be sent again. */
async function send(
  { url, environment, fingerprint }: Target,
  { model, labels }: { readonly model: string; readonly labels: readonly LateLabel[] },
  { env, print }: Surroundings,
): Promise<boolean> {
  const token = secretOf(env[SECRETS.agentToken] ?? '', environment) ?? '';
  const dependencies = { fetch: createAgentFetch(env, fingerprint) };
  let added = 0;
  try {
    for (let from = 0; from < labels.length; from += MAX_LABELS) {
      const part = labels.slice(from, from + MAX_LABELS);
      added += (await sendLabels({ url, token, dependencies }, model, part)).added;
    }
    print.line(`${url}  took all of them, ${formatCount(added)} new`);
    return true;
  } catch (thrown) {
    print.trouble(`${url}  ${messageOf(thrown)}`);
    return false;
  }
}

type Read = { readonly labels: readonly LateLabel[]; readonly incomplete: number };

async function readLabels(
  file: string,
  columns: { readonly id: string; readonly label: string },
): Promise<Read> {
  const names = [columns.id, columns.label];
  const reader = readerOf(file);
  if (reader === undefined)
    throw misused(`${file} is of a kind that is not read.`, 'Write a .csv, .parquet or .jsonl file.');
  const read = await reader(file, { all: names, typed: [columns.label] }).catch((thrown: unknown) => {
    throw misused(`${file} can't be read: ${messageOf(thrown)}.`, 'Correct the file, or name another.');
  });
  const absent = names.filter((name) => !read.names.includes(name));
  if (absent.length > 0) {
    const message = `${file} has no column ${absent.join(', ')}; it has ${read.names.join(', ')}.`;
    throw misused(message, 'Say which they are by --id and --label.');
  }
  const [ids, values] = [await read.read(columns.id), await read.read(columns.label)];
  const all = ids.map((id, row) => ({ id: nameCell(id), label: nameCell(values[row]) }));
  const labels = all.filter(({ id, label }) => id !== '' && label !== '');
  if (labels.length === 0) throw misused(`${file} has no row with an id and a label.`, 'Write some into it.');
  return { labels, incomplete: all.length - labels.length };
}
