import { z } from 'zod';
import { messageOf, ServiceError } from '../../core/errors.ts';
import { type HttpDependencies, type HttpRequest, requestJson } from '../network/http.ts';

/** Where the tracking server is and how to sign in; `token` wins over `username` and `password`. */
export type MlflowOptions = {
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  readonly http?: HttpDependencies;
};

/** Which answers besides 2xx are an answer: matched on MLflow's `error_code` and message. */
type MlflowError = { readonly code: string; readonly message: string };

export type MlflowClient = {
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly http: HttpDependencies;
  /** Calls `/api/2.0/mlflow/<path>` and parses the answer; rejects with a ServiceError that names the endpoint. */
  readonly call: <T>(request: MlflowCall<T>) => Promise<T>;
  /** As `call`, but gives `undefined` when MLflow answers with an error for which `absent` holds. */
  readonly find: <T>(
    request: MlflowCall<T> & { readonly absent: (error: MlflowError) => boolean },
  ) => Promise<T | undefined>;
};

type MlflowCall<T> = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly answer: z.ZodType<T>;
  /** Whether sending it twice does no harm; writes are sent again unless this is false. */
  readonly idempotent?: boolean;
};

const errorSchema = z.object({ error_code: z.string(), message: z.string().default('') });

/** A client of MLflow's REST API. Answers are parsed, never trusted. */
export function createMlflowClient(options: MlflowOptions): MlflowClient {
  const uri = options.uri.replace(/\/+$/, '');
  const headers = authorize(options);
  const http = options.http ?? {};
  const send = async <T>(request: MlflowCall<T>, accept?: (status: number) => boolean) => {
    const response = await requestJson(toHttpRequest(uri, headers, request, accept), http);
    return { status: response.status, body: response.body };
  };
  return {
    uri,
    headers,
    http,
    call: async (request) => parseAnswer(uri, request, (await send(request)).body),
    find: async (request) => {
      const { status, body } = await send(request, (code) => code < 300 || code === 400 || code === 404);
      if (status < 300) return parseAnswer(uri, request, body);
      const error = errorSchema.safeParse(body);
      const known = error.success && { code: error.data.error_code, message: error.data.message };
      if (known && request.absent(known)) return undefined;
      throw refusal(uri, request, known ? `${known.code}: ${known.message}` : `answered ${status}`);
    },
  };
}

/** MLflow's ways of saying that a thing is not there. */
export function isMissing(error: MlflowError): boolean {
  return error.code === 'RESOURCE_DOES_NOT_EXIST' || /not found/i.test(error.message);
}

/** MLflow's way of saying that a thing is already there. */
export function isPresent(error: MlflowError): boolean {
  return error.code === 'RESOURCE_ALREADY_EXISTS';
}

/** Basic or bearer authorization, as the MLflow client libraries do it. */
function authorize({ token, username, password }: MlflowOptions): Record<string, string> {
  if (token !== undefined && token !== '') return { authorization: `Bearer ${token}` };
  if (username === undefined || username === '') return {};
  const credentials = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
  return { authorization: `Basic ${credentials}` };
}

/** What to do where the server is not reached, and where it does not let us. */
export function remediesOf(uri: string): Pick<HttpRequest, 'remedy' | 'remedyWhenRefused'> {
  return {
    remedy: `Check that the MLflow server at ${uri} is up, that this machine may reach it, and that the address is right: \`tracking.uri\` of trainyard.yml, or the variable MLFLOW_TRACKING_URI.`,
    remedyWhenRefused:
      'Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, to what the server knows: jobs have them from the secrets that the workflow hands on. Where it names the Host header, start it with --allowed-hosts.',
  };
}

function toHttpRequest<T>(
  uri: string,
  headers: Record<string, string>,
  request: MlflowCall<T>,
  accept?: (status: number) => boolean,
): HttpRequest {
  const url = new URL(`${uri}/api/2.0/mlflow/${request.path}`);
  for (const [name, value] of Object.entries(request.query ?? {})) url.searchParams.set(name, value);
  return {
    method: request.method,
    url,
    headers,
    idempotent: request.idempotent ?? true,
    ...remediesOf(uri),
    ...(request.json !== undefined && { json: request.json }),
    ...(accept && { accept }),
  };
}

function parseAnswer<T>(uri: string, request: MlflowCall<T>, body: unknown): T {
  const parsed = request.answer.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  throw refusal(uri, request, `answered in an unknown form (${messageOf(parsed.error)})`);
}

function refusal<T>(uri: string, request: MlflowCall<T>, said: string): ServiceError {
  return new ServiceError({
    code: 'mlflow-refused',
    message: `MLflow said ${said}.`,
    remedy: 'Check that the server is MLflow 3 and that the run, model or version it names exists.',
    where: { kind: 'endpoint', endpoint: `${request.method} ${uri}/api/2.0/mlflow/${request.path}` },
  });
}
