import { z } from 'zod';

/** Where requests for the model go, as Envoy reads its configuration: an answer of the proxy's own, or clusters by weight. */
export type Routing =
  | { readonly kind: 'direct'; readonly status: number }
  | {
      readonly kind: 'clusters';
      readonly clusters: readonly { readonly name: string; readonly weight: number }[];
      readonly mirror: string | undefined;
      readonly timeoutMs: number;
    };

const routeSchema = z.object({
  match: z.object({
    path: z.string().optional(),
    prefix: z.string().optional(),
    headers: z.unknown().optional(),
  }),
  direct_response: z.object({ status: z.number() }).optional(),
  route: z
    .object({
      timeout: z.string().optional(),
      cluster: z.string().optional(),
      request_mirror_policies: z.array(z.object({ cluster: z.string() })).optional(),
      weighted_clusters: z
        .object({
          clusters: z.array(z.object({ name: z.string(), weight: z.number() })),
        })
        .optional(),
    })
    .optional(),
});
const tableSchema = z.object({
  resources: z.array(z.object({ virtual_hosts: z.array(z.object({ routes: z.array(routeSchema) })) })).min(1),
});
type Route = z.infer<typeof routeSchema>;

/** Reads a route configuration for a request to this path without any header: the first route that matches decides. */
export function readRouting(text: string, path: string): Routing {
  const routes = tableSchema
    .parse(JSON.parse(text))
    .resources.flatMap(({ virtual_hosts }) => virtual_hosts.flatMap((host) => host.routes));
  const found = routes.find(({ match }) => match.headers === undefined && matches(match, path));
  return found === undefined ? { kind: 'direct', status: 404 } : toRouting(found);
}

function matches({ path, prefix }: Route['match'], wanted: string): boolean {
  return path === undefined ? wanted.startsWith(prefix ?? '/') : path === wanted;
}

function toRouting({ direct_response, route }: Route): Routing {
  if (route === undefined) return { kind: 'direct', status: direct_response?.status ?? 404 };
  const { weighted_clusters: weighted, cluster = '', timeout = '15s' } = route;
  return {
    kind: 'clusters',
    clusters: weighted?.clusters ?? [{ name: cluster, weight: 1 }],
    mirror: route.request_mirror_policies?.[0]?.cluster,
    timeoutMs: 1_000 * Number.parseFloat(timeout),
  };
}
