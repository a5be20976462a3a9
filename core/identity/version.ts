import { z } from 'zod';

/** MLflow counts versions from 1 in 32 bits. */
const VERSION = /^[1-9]\d{0,9}$/;

/** The version of a registered model, as MLflow numbers it and every part of the house writes it: `8`. */
export const versionSchema = z
  .string()
  .regex(VERSION, { error: 'must be a whole number of at most 10 digits, such as 8' });

/** The version a person wrote, `8` or `v8`; `undefined` when it is none. */
export function readVersion(written: string): string | undefined {
  const version = written.replace(/^v(?=\d)/, '');
  return VERSION.test(version) ? version : undefined;
}
