import { z } from 'zod';
import { envelopeSchema } from '../envelope.ts';

export const BUNDLE_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

const keySchema = z.object({ publicKey: z.object({ hint: z.string().nullish() }) });

/** A Sigstore bundle (github.com/sigstore/protobuf-specs, v0.3) around a DSSE envelope, whose signature a key made. */
export const keyBundleSchema = z.object({
  mediaType: z.literal(BUNDLE_TYPE),
  verificationMaterial: keySchema,
  dsseEnvelope: envelopeSchema.extend({
    // The program `model_signing` names no key in the signature: the bundle does.
    signatures: z.array(z.object({ sig: z.base64(), keyid: z.string().nullish() })).length(1),
  }),
});
export type KeyBundle = z.infer<typeof keyBundleSchema>;

/** A bundle that a certificate vouches for: that of a person or a workflow (Sigstore, keyless), or of an authority. */
export const certificateBundleSchema = z.object({
  verificationMaterial: z.union([
    z.object({ certificate: z.looseObject({}) }),
    z.object({ x509CertificateChain: z.looseObject({}) }),
  ]),
});
