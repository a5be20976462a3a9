import type { LedgerEvent } from '../../core/ledger/event.ts';
import type { PageSubject } from '../../core/monitor/page/page-subject.ts';
import { renderMonitorPage } from '../../core/monitor/page/render-page.ts';
import type { Block } from '../../core/report/report.ts';
import type { Monitoring } from './monitor-context.ts';

/** The page of a check as a file: what it is called among the artifacts of the run, and where it lies on the runner. */
type KeptPage = { readonly name: string; readonly file: string };

/** What a file or an artifact may not be called by. */
const UNSAFE = /[^\w.-]/g;

/** Writes the page of a check where the job can upload it. Rejects where the ledger can't be read, or the file not be written. */
export async function keepPage(
  { request, ports }: Monitoring,
  checked: Omit<PageSubject, 'events' | 'runUrl'>,
): Promise<KeptPage> {
  const { model } = request.config;
  const events: readonly LedgerEvent[] = await ports.ledger.history(model);
  const name = `monitor-${model}-${request.environmentName}.html`.replaceAll(UNSAFE, '-');
  const page = renderMonitorPage({ ...checked, events, runUrl: request.runUrl });
  return { name, file: await ports.saveFile(name, page) };
}

/** Where a reader finds it. */
export function tellPage({ name }: KeptPage, runUrl: string): Block {
  return {
    kind: 'paragraph',
    text: [
      'With pictures: the page ',
      { kind: 'code', text: name },
      ' among the artifacts of ',
      { kind: 'link', text: 'the run', url: runUrl },
      '.',
    ],
  };
}
