import { createHash } from 'node:crypto';

/** SHA-256 of a secret of many random bits, in hexadecimal: it can be kept and looked up, and tells nothing of the secret. */
export function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
