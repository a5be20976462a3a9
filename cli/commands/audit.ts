import { fingerprintsOf } from '../../core/config/host-address.ts';
import { type CliCommand, CONFIG_OPTION } from '../command.ts';
import { audit } from '../ledger/audit.ts';
import { readPolicyIfThere } from '../ledger/read-policy.ts';

/** `trainyard audit`. */
export const auditCommand: CliCommand = {
  name: 'audit',
  summary:
    'Checks a whole ledger: commits that only appended, links and signatures of its lines, rules of its events, statements, locks, aliases.',
  options: {
    config: {
      ...CONFIG_OPTION.config,
      help: 'The configuration, where it is there: hosts are held to the fingerprints in it.',
    },
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
  run: async (given, world) => {
    const hosts = given.list('host');
    const file = given.text('config') ?? CONFIG_OPTION.config.default;
    const config = hosts.length === 0 ? undefined : await readPolicyIfThere(world, file);
    return audit(
      {
        repository: given.text('repository') ?? '.',
        keys: given.list('key'),
        hosts,
        fingerprints: fingerprintsOf(config?.environments ?? {}),
        tracking: given.text('tracking'),
        environment: given.text('environment') ?? 'production',
      },
      world,
    );
  },
};
