import { z } from 'zod';
import { goldenSchema } from '../../core/drift/golden/golden.ts';
import { compareGolden, type GoldenReplay } from '../../core/drift/golden/golden-replay.ts';
import { PIN_HEADER } from '../../core/names.ts';
import type { AgentContext } from '../context.ts';
import { exchangeHttp } from '../machine/exchange-http.ts';
import type { StoredInstance } from '../store/stored-instance.ts';

const answerSchema = z.object({ predictions: z.unknown() });

/**
 * Asks the version, through the proxy as a client would, for every stored example. `undefined` when the package has none.
 * Rejects when the proxy or the model cannot be reached.
 */
export async function replayGolden(
  context: AgentContext,
  instance: StoredInstance,
): Promise<GoldenReplay | undefined> {
  const { golden } = instance.manifest;
  if (golden === undefined) return undefined;
  const examples = goldenSchema.parse(JSON.parse((await context.blobs.read(golden.digest)).toString()));
  const answers: unknown[] = [];
  for (const { inputs } of examples.examples) {
    const url = `${dataPlaneUrl(context)}/predictions/${instance.model}`;
    const { status, text } = await exchangeHttp({
      url,
      method: 'POST',
      headers: { [PIN_HEADER]: instance.version },
      json: inputs,
      timeoutMs: instance.manifest.serving.responseTimeoutSeconds * 1_000,
    });
    if (status >= 500) throw new Error(`POST ${url} answered ${status}: ${text.slice(0, 200)}`);
    answers.push(status === 200 ? answerSchema.parse(JSON.parse(text)).predictions : `HTTP ${status}`);
  }
  return compareGolden(examples, answers, instance.manifest.serving.gpu);
}

/** Where this host's own processes reach the data plane. */
function dataPlaneUrl({ options }: AgentContext): string {
  const wildcard = options.dataPlane.address === '0.0.0.0' || options.dataPlane.address === '::';
  return `http://${wildcard ? '127.0.0.1' : options.dataPlane.address}:${options.dataPlane.port}`;
}
