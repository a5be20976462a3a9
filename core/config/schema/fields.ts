import { z } from 'zod';
import type { Margin } from '../../gate/rules/rule.ts';
import { readFingerprint } from './fingerprint.ts';
import {
  type CountOrShare,
  parseDuration,
  parsePercent,
  parsePoints,
  parseRate,
  parseSize,
} from './quantity.ts';

/** A value that still names a variable this job was not given. */
const PLACEHOLDER = /\$\{\w+\}/;
const PARAMETER_NAME = /^[A-Za-z_][\w.-]*$/;

/** Text that holds something. */
export function text(description: string, example: string) {
  return z
    .string()
    .min(1)
    .meta({ description, examples: [example] });
}

/** `10m` and the like, read as seconds. */
export function duration(description: string, example: string) {
  const pattern = '^\\d+(\\.\\d+)?(ms|s|m|h|d|w)$';
  return quantity(parseDuration, { what: 'a duration', pattern, description, example });
}

/** `64GB` and the like, read as bytes. */
export function size(description: string, example: string) {
  const pattern = '^\\d+(\\.\\d+)? ?(B|kB|KB|MB|GB|KiB|MiB|GiB)$';
  return quantity(parseSize, { what: 'a size', pattern, description, example });
}

/** `3/7d`, read as a count per seconds. */
export function rate(description: string, example: string) {
  const pattern = '^\\d+/\\d+(\\.\\d+)?(s|m|h|d|w)$';
  return quantity(parseRate, { what: 'a rate', pattern, description, example });
}

/** `5%` or `0.05`, read as a share from 0 to 1. */
export function share(description: string, example: string) {
  return z
    .union([z.number(), z.string()], { error: 'must be a share, such as `5%` or `0.05`' })
    .meta({ description, examples: [example] })
    .transform((written, context) => {
      const value = typeof written === 'number' ? written : parsePercent(written);
      if (value !== undefined && value >= 0 && value <= 1) return value;
      context.addIssue({ code: 'custom', message: 'must be a share from 0 to 1, such as `5%` or `0.05`' });
      return z.NEVER;
    });
}

/** How many of several: a whole number (`1`), or a share of them (`25%`). */
export function countOrShare(description: string, example: string) {
  const expected = 'must be a whole number or a share up to 100 %, such as `1` or `25%`';
  return z
    .union([z.number(), z.string()], { error: expected })
    .meta({ description, examples: [example] })
    .transform((written, context): CountOrShare => {
      const share = typeof written === 'string' ? parsePercent(written) : undefined;
      if (share !== undefined && share <= 1) return { kind: 'share', share };
      if (typeof written === 'number' && Number.isSafeInteger(written) && written >= 0) {
        return { kind: 'count', count: written };
      }
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}

/** A margin: in the metric's unit (`0.005`, `0.5pp`), or as a share of the champion's value (`1%`). */
export function margin(description: string, example: string) {
  const expected = 'must be a margin of at least 0, such as `0.005`, `0.5pp` or `1%`';
  return z
    .union([z.number(), z.string()], { error: expected })
    .meta({ description, examples: [example] })
    .transform((written, context): Margin => {
      const value = typeof written === 'number' ? written : readMargin(written);
      if (typeof value === 'object' || (typeof value === 'number' && value >= 0)) return value;
      context.addIssue({ code: 'custom', message: expected });
      return z.NEVER;
    });
}

/** An http or https address without user name and password. */
export function address(description: string, example: string) {
  return z
    .string()
    .refine((written) => PLACEHOLDER.test(written) || isAddress(written), {
      error: 'must be an address that starts with http:// or https://',
    })
    .meta({ description, examples: [example] });
}

/** An address by itself, or with the SHA-256 of the one certificate that is taken there, as `AB:CD:…` or in hexadecimal digits alone. */
export function pinnedAddress(description: string, example: string) {
  const url = address(description, example);
  const fingerprint = z
    .string()
    .refine((written) => PLACEHOLDER.test(written) || readFingerprint(written) !== undefined, {
      error: 'must be a SHA-256 fingerprint, as the agent says it: 32 bytes in hexadecimal digits',
    })
    .meta({ description: 'SHA-256 of the one certificate that is taken there.' });
  const pinned = z.strictObject({ url, fingerprint }).refine((host) => !host.url.startsWith('http:'), {
    error: 'is http, where no certificate is shown: write https://, or leave the fingerprint out',
    path: ['url'],
  });
  return z
    .union([url, pinned], { error: 'must be an address, or `{ url: …, fingerprint: … }`' })
    .transform((written): { readonly url: string; readonly fingerprint?: string } =>
      typeof written === 'string' ? { url: written } : { url: written.url, fingerprint: written.fingerprint },
    );
}

/** A whole number within limits. */
export function whole(description: string, limits: { readonly min: number; readonly max: number }) {
  return z.int().min(limits.min).max(limits.max).meta({ description });
}

/** One or several names, read as a list. */
export function names(description: string, example: string) {
  return z
    .union([z.string().min(1), z.array(z.string().min(1))], { error: 'must be a name or a list of names' })
    .meta({ description, examples: [example] })
    .transform((written) => (typeof written === 'string' ? [written] : written));
}

/** The name of a parameter of the user's project: what `NAME=value` in a comment can say. */
export const parameterName = z
  .string()
  .regex(PARAMETER_NAME, { error: 'must start with a letter and hold letters, digits, `_`, `-` and `.`' });

/** A parameter's value. */
export const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be text, a number or true/false',
});

/** A kind of quantity in words (`a size`), the form it is written in, and one key's description and example. */
type QuantityText = {
  readonly what: string;
  readonly pattern: string;
  readonly description: string;
  readonly example: string;
};

function quantity<T>(
  parse: (written: string) => T | undefined,
  { what, pattern, description, example }: QuantityText,
) {
  return z
    .string({ error: `must be ${what}, such as \`${example}\`` })
    .meta({ pattern, description, examples: [example] })
    .transform((written, context): T => {
      const value = parse(written);
      if (value !== undefined) return value;
      context.addIssue({ code: 'custom', message: `must be ${what}, such as \`${example}\`` });
      return z.NEVER;
    });
}

function readMargin(written: string): Margin | undefined {
  const relative = parsePercent(written);
  return relative === undefined ? parsePoints(written) : { relative };
}

function isAddress(written: string): boolean {
  const parsed = URL.parse(written);
  return parsed !== null && (parsed.protocol === 'http:' || parsed.protocol === 'https:');
}
