/** Why a request is not done, as the API answers it (RFC 9457). */
export type Refusal = {
  readonly status: 400 | 401 | 403 | 404 | 409 | 412 | 413 | 422 | 428 | 503 | 507;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
};

/** Makes a refusal. */
export function refuse(status: Refusal['status'], code: string, message: string, remedy: string): Refusal {
  return { status, code, message, remedy };
}
