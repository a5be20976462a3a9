/** The entry point that logs a model that exists, and its script beside MLproject. */
export const ADOPT = { entryPoint: 'adopt', script: 'adopt.py' } as const;

/** A model of the registry, and the name that it is registered by. */
export type AdoptedModel = { readonly uri: string; readonly name: string };

const URI = /^models:\/(?<name>[A-Za-z0-9][\w.-]*)(?:\/\d+|@[\w.-]+)$/;

/** Reads `models:/NAME/VERSION` or `models:/NAME@ALIAS`; `undefined` for any other text. */
export function readAdopted(uri: string): AdoptedModel | undefined {
  const name = URI.exec(uri)?.groups?.['name'];
  return name === undefined ? undefined : { uri, name };
}
