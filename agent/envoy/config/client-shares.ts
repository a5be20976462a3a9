import { typeUrl } from './discovery.ts';

/**
 * Into so many shares clients fall, by a hash of their address. Envoy has no limit for each address, but one for each chain of filters;
 * more shares let fewer clients suffer with one that takes all of its own, and cost memory.
 */
const SHARES = 64;

/** What Envoy's statistics call the connections that it closes as surplus of a share. */
export const SHARE_STAT = 'connection_limit.client_share';

/** The part of a listener that says what becomes of a connection. */
type Chains = { readonly filter_chains: readonly object[]; readonly filter_chain_matcher: object };

/**
 * Gives each client's connections to one of many equal chains that end in this filter, each with so many places: who opens more loses the
 * surplus at once, and the others keep theirs. Silent connections count from their first moment, as nothing waits for what they say first.
 */
export function shareConnections(most: number, filter: object): Chains {
  const shares = Array.from({ length: SHARES }, (_, share) => share);
  return {
    filter_chains: shares.map((share) => ({ name: nameOf(share), filters: [limitTo(most), filter] })),
    filter_chain_matcher: {
      // A matcher takes all hashes from its threshold up: the first that does has just one left.
      matcher_list: {
        matchers: shares
          .slice(1)
          .reverse()
          .map((share) => ({
            predicate: {
              single_predicate: {
                input: {
                  name: 'source-ip',
                  typed_config: {
                    '@type': typeUrl('envoy.extensions.matching.common_inputs.network.v3.SourceIPInput'),
                  },
                },
                custom_match: {
                  name: 'share',
                  typed_config: {
                    '@type': typeUrl(
                      'envoy.extensions.matching.input_matchers.consistent_hashing.v3.ConsistentHashing',
                    ),
                    threshold: share,
                    modulo: SHARES,
                  },
                },
              },
            },
            on_match: goTo(share),
          })),
      },
      on_no_match: goTo(0),
    },
  };
}

function limitTo(most: number): object {
  return {
    name: 'envoy.filters.network.connection_limit',
    typed_config: {
      '@type': typeUrl('envoy.extensions.filters.network.connection_limit.v3.ConnectionLimit'),
      stat_prefix: SHARE_STAT.replace('connection_limit.', ''),
      max_connections: most,
    },
  };
}

function goTo(share: number): object {
  const named = { '@type': typeUrl('google.protobuf.StringValue'), value: nameOf(share) };
  return { action: { name: 'share', typed_config: named } };
}

function nameOf(share: number): string {
  return `share-${share}`;
}
