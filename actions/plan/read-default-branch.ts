import { z } from 'zod';
import type { Host } from '../job/host.ts';

const payloadSchema = z.object({ repository: z.object({ default_branch: z.string().min(1) }) });

/** The repository's default branch: as the event names it, else (a schedule's may not) the branch the run is for. */
export function readDefaultBranch(payload: unknown, { env }: Host): string {
  const parsed = payloadSchema.safeParse(payload);
  return parsed.success ? parsed.data.repository.default_branch : (env['GITHUB_REF_NAME'] ?? 'main');
}
