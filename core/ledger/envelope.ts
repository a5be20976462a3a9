import { z } from 'zod';

// Apart from the events: the agent's API and its client need this, and start-up is quicker without their schemas.

/** A DSSE envelope around an in-toto statement (github.com/secure-systems-lab/dsse, protocol v1). */
export const envelopeSchema = z.object({
  payloadType: z.literal('application/vnd.in-toto+json'),
  payload: z.base64(),
  signatures: z.array(z.object({ keyid: z.string(), sig: z.base64() })).min(1),
});

export type Envelope = z.infer<typeof envelopeSchema>;
