import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { addHost } from '../host/add-host.ts';
import { removeHost, upgradeHost } from '../host/change-host.ts';
import { type HostRequest, readHostPlace, readHostRequest } from '../host/host-request.ts';
import { listHosts } from '../host/list-hosts.ts';
import { misused } from '../misused.ts';

/** What may be done with one host. */
const VERBS: Readonly<Record<string, (request: HostRequest) => Promise<number>>> = {
  add: addHost,
  upgrade: upgradeHost,
  remove: removeHost,
};

/** `trainyard host`. */
export const hostCommand: CliCommand = {
  name: 'host',
  summary:
    'Makes a machine that ssh reaches a serving host, gives it this version, or takes all of it away; `list` asks those of the configuration.',
  words: 'add|upgrade|remove USER@HOST | list',
  options: {
    ...CONFIG_OPTION,
    address: {
      type: 'string',
      value: 'NAME',
      help: 'Name or IP address by which runners reach it; without it that of USER@HOST.',
    },
    listen: {
      type: 'string',
      value: 'ADDRESS',
      default: '0.0.0.0:9443',
      help: 'IP address and port of the agent.',
    },
    'data-plane': {
      type: 'string',
      value: 'ADDRESS',
      default: '0.0.0.0:8080',
      help: 'IP address and port that takes predictions.',
    },
    environment: {
      type: 'string',
      value: 'NAME',
      default: 'production',
      help: 'Environment that it belongs to.',
    },
    'host-name': {
      type: 'string',
      value: 'NAME',
      help: 'What it is called in reports; without it the address.',
    },
    agent: {
      type: 'string',
      value: 'NAME=VALUE',
      multiple: true,
      help: 'Another option of the agent, by the table in agent/README.md.',
    },
    requirements: {
      type: 'string',
      value: 'FILE',
      multiple: true,
      help: 'What models import, as pip reads it; a model’s own requirements.txt in MLflow is one.',
    },
    wheels: {
      type: 'string',
      value: 'FOLDER',
      help: 'Wheels that are sent and stand for every index, for a host without one.',
    },
    node: {
      type: 'string',
      value: 'FILE',
      help: 'Archive of Node 24; without it, and where the host has none, npm fetches one to this machine.',
    },
    cert: { type: 'string', value: 'FILE', help: 'Certificate chain; without it one of an own authority.' },
    key: { type: 'string', value: 'FILE', help: 'Private key of that certificate.' },
    repository: { type: 'string', value: 'OWNER/NAME', help: 'Repository that takes reports.' },
    'github-token': {
      type: 'string',
      value: 'FILE',
      help: 'Token that may dispatch to it: Contents, read and write.',
    },
    secrets: {
      type: 'string',
      value: 'FOLDER',
      help: 'Where tokens and keys are; without it where init makes them.',
    },
    'ssh-config': { type: 'string', value: 'FILE', help: 'Configuration of ssh in place of the user’s.' },
    'no-service': {
      type: 'boolean',
      help: 'Start the agent as a process that nothing starts again, where no systemd runs.',
    },
    'dry-run': { type: 'boolean', help: 'Look, print the commands of what is to do, and change nothing.' },
    force: { type: 'boolean', help: 'Remove a host that stands in the configuration.' },
  },
  run: async (given, world) => {
    const [verb = ''] = given.words;
    if (verb === 'list') return listHosts(await readHostPlace(given, world));
    const run = VERBS[verb];
    if (run === undefined)
      throw misused(`host does not know ${verb || 'nothing'}.`, 'Write host add, list, upgrade or remove.');
    return run(await readHostRequest(given, world));
  },
};
