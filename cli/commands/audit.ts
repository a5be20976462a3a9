import type { CliCommand } from '../command.ts';
import { audit } from '../ledger/audit.ts';

/** `trainyard audit`. */
export const auditCommand: CliCommand = {
  name: 'audit',
  summary:
    'Checks a whole ledger: commits that only appended, links and signatures of its lines, rules of its events, statements, locks, aliases.',
  options: {
    repository: {
      type: 'string',
      value: 'PLACE',
      default: '.',
      help: 'A folder, which stands for its origin, or an address.',
    },
    key: { type: 'string', value: 'FILE', multiple: true, help: 'Public key that lines are signed with.' },
    host: {
      type: 'string',
      value: 'URL',
      multiple: true,
      help: 'Agent that remembers how far the ledger went; TRAINYARD_AGENT_TOKEN is used.',
    },
    tracking: { type: 'string', value: 'URL', help: 'MLflow server whose aliases are compared.' },
    environment: {
      type: 'string',
      value: 'NAME',
      default: 'production',
      help: 'The environment whose aliases these are.',
    },
  },
  run: (given, world) =>
    audit(
      {
        repository: given.text('repository') ?? '.',
        keys: given.list('key'),
        hosts: given.list('host'),
        tracking: given.text('tracking'),
        environment: given.text('environment') ?? 'production',
      },
      world,
    ),
};
