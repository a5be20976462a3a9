/** Why a holdout's file can't be read, as the end of a sentence that names the file. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}
