import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Checked, errors, fine, passedOver, warnings } from '../../core/check/checked.ts';
import type { Problem } from '../../core/errors.ts';
import { HOST_WARNINGS } from '../../core/serving/host-warning.ts';
import { ROLES } from '../../core/serving/route.ts';
import { describeOpenSecrets } from '../options/find-open-secrets.ts';
import type { AgentOptions } from '../options/options.ts';
import { readTlsFiles } from '../options/read-tls.ts';
import { endsSoon, judgeCertificate, nameOf } from '../tls/judge-certificate.ts';

const DAY_MS = 86_400_000;

/** The certificate and its key, the tokens and who may read them, and whose packages are trusted; `now` in ms since 1970. */
export function lookAtKeys(options: AgentOptions, now: number): readonly Checked[] {
  const { trustedKeys, openSecrets } = options;
  const open =
    openSecrets.length === 0
      ? []
      : [
          {
            code: HOST_WARNINGS.secretsReadable,
            message: 'Files of secrets are open.',
            remedy: `${describeOpenSecrets(openSecrets)}.`,
          },
        ];
  return [
    ...lookAtCertificate(options, now),
    ...lookAtTokens(options),
    ...warnings('secrets', open),
    trustedKeys.length === 0
      ? passedOver('trusted keys', 'No --trusted-keys: packages are served without a signature.')
      : fine('trusted keys', `${trustedKeys.length}; only packages signed with one are served`),
  ];
}

function lookAtTokens({ tokens }: AgentOptions): readonly Checked[] {
  if (tokens.length === 0) return [];
  const told = ROLES.flatMap((role) => {
    const count = tokens.filter((token) => token.role === role).length;
    return count === 0 ? [] : [`${count} ${role}`];
  });
  if (tokens.some(({ role }) => role === 'deployer')) return [fine('tokens', told.join(', '))];
  const message = `There is no token of a deployer (${told.join(', ')}): nothing can be deployed here.`;
  const remedy = 'Add the line "deployer <token>" to --tokens-file.';
  return warnings('tokens', [{ code: 'no-deployer', message, remedy }]);
}

function lookAtCertificate({ tls }: AgentOptions, now: number): readonly Checked[] {
  const subject = 'certificate';
  if (tls === undefined) return [passedOver(subject, 'No --tls-cert: the control API speaks plain HTTP.')];
  if (tls.isSelfSigned && !(existsSync(tls.certFile) && existsSync(tls.keyFile)))
    return [passedOver(subject, 'The first start makes a self-signed one, and says its fingerprint.')];
  const { value: files } = readTlsFiles(tls);
  // Why not is told of the options.
  if (files === undefined) return [];
  const flaws = judgeCertificate(files, tls);
  if (flaws.length > 0) return errors(subject, flaws);
  const certificate = new X509Certificate(files.cert);
  const wrong = outOfTime(certificate, now);
  if (wrong.length > 0) return errors(subject, wrong);
  const days = Math.floor((certificate.validToDate.getTime() - now) / DAY_MS);
  const told = `${nameOf(certificate)}, for ${days} ${days === 1 ? 'day' : 'days'} more, SHA-256 ${certificate.fingerprint256}`;
  if (!endsSoon(certificate, now)) return [fine(subject, told)];
  return warnings(subject, [
    { code: HOST_WARNINGS.certificateEnds, message: `It is good for ${told}.`, remedy: renewal() },
  ]);
}

function outOfTime({ validFromDate, validToDate }: X509Certificate, now: number): readonly Problem[] {
  if (validToDate.getTime() <= now) {
    const message = `The certificate ended at ${validToDate.toISOString()}.`;
    return [{ code: 'certificate-ended', message, remedy: renewal() }];
  }
  if (validFromDate.getTime() <= now) return [];
  const message = `The certificate begins at ${validFromDate.toISOString()} only.`;
  return [
    { code: 'certificate-not-yet', message, remedy: 'See whether the clock of this machine is right.' },
  ];
}

function renewal(): string {
  return 'Put a new one in its place (`host add` makes one of the own authority): the agent takes it as it is.';
}
