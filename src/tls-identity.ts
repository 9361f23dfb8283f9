import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { TlsFiles } from './config.ts';
import type { TlsIdentity } from './http/http-config.ts';
import { StartupError } from './storage/startup-error.ts';

/** Reads certificate and key, and sees that they can be used, and belong together. @throws StartupError */
export function readTlsIdentity(files: TlsFiles): TlsIdentity {
  const certificate = read(files.certificate, '--tls-cert');
  const key = read(files.key, '--tls-key');
  if (!certificate.includes('-----BEGIN CERTIFICATE-----')) {
    throw new StartupError(
      `${files.certificate} has no certificate in PEM form. Name another file with --tls-cert.`,
    );
  }
  try {
    createSecureContext({ cert: certificate, key });
  } catch (cause) {
    throw new StartupError(
      `The certificate ${files.certificate} and the key ${files.key} cannot be used together (${reasonOf(cause)}). ` +
        'Both must be PEM, the key without a passphrase and that of the first certificate.',
      { cause },
    );
  }
  return { certificate, key };
}

/** SHA-256 of the certificate that clients are shown, in hexadecimal; for those who know it beforehand. */
export function fingerprintOf({ certificate }: TlsIdentity): string {
  return new X509Certificate(certificate).fingerprint256;
}

function read(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = 'unknown error' } = cause as NodeJS.ErrnoException;
    throw new StartupError(
      `${path} cannot be read (${code}). Make it readable for this user, or name another file with ${option}.`,
      {
        cause,
      },
    );
  }
}

/** OpenSSL's own words, such as `key values mismatch`, without its numbers. */
function reasonOf(error: unknown): string {
  const { reason, message } = error as Error & { readonly reason?: string };
  return reason ?? message;
}
