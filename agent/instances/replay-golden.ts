import { z } from 'zod';
import { requestJson } from '../../adapters/http.ts';
import { compareGolden, type GoldenReplay } from '../../core/drift/golden-replay.ts';
import { PIN_HEADER } from '../../core/names.ts';
import { goldenSchema } from '../../core/serving/golden.ts';
import type { AgentContext } from '../context.ts';
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
    const { status, body } = await requestJson({
      url: `${dataPlaneUrl(context)}/predictions/${instance.model}`,
      method: 'POST',
      headers: { [PIN_HEADER]: instance.version },
      json: inputs,
      timeoutMs: instance.manifest.serving.responseTimeoutSeconds * 1_000,
      attempts: 1,
      accept: (code) => code < 500,
    });
    answers.push(status === 200 ? answerSchema.parse(body).predictions : `HTTP ${status}`);
  }
  return compareGolden(examples, answers);
}

/** Where this host's own processes reach the data plane. */
export function dataPlaneUrl({ options }: AgentContext): string {
  const wildcard = options.dataPlane.address === '0.0.0.0' || options.dataPlane.address === '::';
  return `http://${wildcard ? '127.0.0.1' : options.dataPlane.address}:${options.dataPlane.port}`;
}
