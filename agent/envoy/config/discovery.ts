import { createHash } from 'node:crypto';
import { join } from 'node:path';

const TYPE = 'type.googleapis.com';

/** A document Envoy watches: its text, and the version it reports once it runs on it. */
export type Discovery = { readonly text: string; readonly version: string };

/** The name of one of Envoy's types, as a document has to state it. */
export function typeUrl(type: string): string {
  return `${TYPE}/${type}`;
}

/** Where Envoy finds a document that it watches. */
export function watched(folder: string, file: string): object {
  return {
    path_config_source: { path: join(folder, file), watched_directory: { path: folder } },
    resource_api_version: 'V3',
  };
}

/** A document of these resources; the same ones give the same version. */
export function discover(type: string, resources: readonly object[]): Discovery {
  const typed = resources.map((resource) => ({ '@type': typeUrl(type), ...resource }));
  const version = createHash('sha256').update(JSON.stringify(typed)).digest('hex').slice(0, 16);
  return { text: JSON.stringify({ version_info: version, resources: typed }), version };
}
