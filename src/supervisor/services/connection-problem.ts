/** Why a connection failed, in words: an error of several addresses has no message of its own. */
export function connectionProblem(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there (ECONNREFUSED)';
  return code === undefined ? message : `${PROBLEMS[code] ?? 'the connection failed'} (${code})`;
}

/** Source of the codes: errno(3), and the page of node:tls on certificates. */
const PROBLEMS: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'the name of the host is not known',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EMFILE: 'the server has no descriptors left',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is refused, for it is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is refused, for its chain ends in one that is signed by itself',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is refused, for who signed it is not known',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is refused, for who signed it is not known',
  CERT_HAS_EXPIRED: 'its certificate is refused, for it has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is refused, for it is for another name',
};
