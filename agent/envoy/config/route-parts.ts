import { VERSION_HEADER } from '../../../core/names.ts';

/** An answer that the proxy gives by itself. */
export function text(status: number, body: string): object {
  return { direct_response: { status, body: { inline_string: body } } };
}

/** The same in JSON. */
export function json(status: number, body: object): object {
  return {
    ...text(status, JSON.stringify(body)),
    response_headers_to_add: [setHeader('content-type', 'application/json')],
  };
}

/** A refusal that the proxy gives by itself, in the form of all others. */
export function refuse(status: number, code: string, message: string): object {
  return json(status, refusal(code, message));
}

/** What a refusal says. `error` is where clients of the Open Inference Protocol look: without it, theirs fail at reading the refusal. */
export function refusal(
  code: string,
  message: string,
): { readonly code: string; readonly message: string; readonly error: string } {
  return { code, message, error: message };
}

/** Sets a header, whatever it was before. */
export function setHeader(key: string, value: string): object {
  return { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' };
}

/** Tells the client which version answers. */
export function versionHeader(version: string): object {
  return setHeader(VERSION_HEADER, version);
}
