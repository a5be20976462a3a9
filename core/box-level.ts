import { z } from 'zod';

/**
 * How strongly code of the user was boxed, from the strongest down (docs/runners.md): in namespaces; in namespaces, with what root may
 * read; as a user of its own; with the Docker Engine at hand, which lets it out; on another
 * machine, whose engine boxes as it may; not at all.
 */
const BOX_LEVELS = ['namespaces', 'namespaces-as-root', 'user', 'docker', 'remote', 'none'] as const;

export const boxLevelSchema = z.enum(BOX_LEVELS);
export type BoxLevel = z.infer<typeof boxLevelSchema>;

/** Whether it is what `box.require` asks for. */
export function isInNamespaces(level: BoxLevel): boolean {
  return level === 'namespaces' || level === 'namespaces-as-root';
}
