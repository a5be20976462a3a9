import manifest from '../package.json' with { type: 'json' };

/** The version of this product, as package.json alone states it. */
export const VERSION: string = manifest.version;
