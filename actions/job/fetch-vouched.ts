import type { Tracking } from '../../core/ports.ts';

type Ports = {
  readonly tracking: Pick<Tracking, 'downloadArtifact'>;
  readonly hashFile: (file: string) => Promise<string>;
};

/** A file with a run, and the digest that somebody has vouched for. */
type Vouched = { readonly runId: string; readonly stored: string; readonly digest: string };

/** Fetches a file that stands with a run to `file`; whether it is, byte for byte, the one that was vouched for. */
export async function fetchVouched(
  { tracking, hashFile }: Ports,
  { runId, stored, digest }: Vouched,
  file: string,
): Promise<boolean> {
  await tracking.downloadArtifact(runId, stored, file);
  return (await hashFile(file)) === digest;
}
