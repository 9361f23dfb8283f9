import { generate } from 'selfsigned';
import type { TlsIdentity } from '../../src/http/http-config.ts';

/** A certificate of `localhost` and 127.0.0.1 that is its own authority, and its key. */
export async function makeCertificate(): Promise<TlsIdentity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { certificate: cert, key };
}
