import { ServiceError } from '../core/errors.ts';
import { formatNotice } from '../core/monitor/notice/format-notice.ts';
import type { SendNotice } from '../core/monitor/notice/notice.ts';
import type { NoticeForm } from '../core/names.ts';
import { type HttpDependencies, requestText } from './network/http.ts';

/** PagerDuty's routing key is written behind the address, and sent in the body. */
const KEY = 'routing_key';
const TIMEOUT_MS = 15_000;
/** What is shorter is no secret, in characters: `services`, `v2`. */
const SHORTEST_SECRET = 6;
const REMEDY = 'Check the secret `webhook`, and that `monitor.notify` is what that address understands.';

/** Sends notices to an address, which is a secret: errors name its host alone. Rejects with a ServiceError. */
export function createWebhook(address: string, form: NoticeForm, http: HttpDependencies): SendNotice {
  return async (notice) => {
    const url = readAddress(address);
    const key = url.searchParams.get(KEY) ?? '';
    if (form === 'pagerduty') url.searchParams.delete(KEY);
    try {
      await requestText(
        {
          ...{
            method: 'POST',
            url,
            json: formatNotice(notice, form, key),
            timeoutMs: TIMEOUT_MS,
            remedy: REMEDY,
          },
          // Told twice is better than never.
          idempotent: true,
        },
        http,
      );
    } catch (thrown) {
      throw thrown instanceof ServiceError ? withoutPath(thrown, url) : thrown;
    }
  };
}

function readAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  throw new ServiceError({
    code: 'webhook-unreadable',
    message: 'The secret `webhook` is no address that begins with https://.',
    remedy: REMEDY,
    where: { kind: 'endpoint', endpoint: 'the webhook' },
  });
}

/** Who knows the path of a webhook may write to its channel: some services quote it in their answer. */
function withoutPath({ problem, cause }: ServiceError, { origin, pathname, search }: URL): ServiceError {
  const parts = [...pathname.split('/'), ...search.split(/[?&=]/)].filter(
    (part) => part.length >= SHORTEST_SECRET,
  );
  const message = parts.reduce((text, part) => text.replaceAll(part, '…'), problem.message);
  const where = { kind: 'endpoint', endpoint: `POST ${origin}` } as const;
  return new ServiceError({ ...problem, message, where }, { cause });
}
