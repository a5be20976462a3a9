/** What reports are sent with: a token, or a GitHub App that mints them. */
export type DispatchCredential =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'app'; readonly appId: string; readonly privateKey: string };

/** Where reports go. `secret` signs them: one for all, or a line for each environment. */
export type DispatchTarget = {
  readonly apiUrl: string;
  readonly repository: string;
  readonly credential: DispatchCredential;
  readonly secret: string;
};
