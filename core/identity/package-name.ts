import { z } from 'zod';
import { digestSchema } from './digest.ts';
import { modelNameSchema } from './model-name.ts';

/** A package's name taken apart: its model, and the digest of its manifest. */
type PackageName = { readonly model: string; readonly digest: string };

/** The name of a package, `<model>@sha256:<64 hex digits of its manifest's digest>`. */
export const packageNameSchema = z.string().refine((name) => parsePackageName(name) !== undefined, {
  error: 'must be a package, <model>@sha256:<64 hex digits>',
});

/** The name of the package of `model` whose manifest has this digest. */
export function packageName(model: string, digest: string): string {
  return `${model}@${digest}`;
}

/** `mnist@sha256:…` taken apart; `undefined` when it is not of that form. */
export function parsePackageName(name: string): PackageName | undefined {
  const at = name.indexOf('@');
  const model = modelNameSchema.safeParse(name.slice(0, Math.max(0, at)));
  const digest = digestSchema.safeParse(name.slice(at + 1));
  return model.success && digest.success ? { model: model.data, digest: digest.data } : undefined;
}
