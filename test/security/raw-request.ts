/** A header as it goes over the wire; a list, because attackers send one twice and in the order they want. */
export type RawHeader = readonly [name: string, value: string];

export interface RawRequest {
  readonly method?: string;
  readonly target?: string;
  /** Of the request line. */
  readonly version?: string;
  /** All of them, in this order; nothing is added. */
  readonly headers: readonly RawHeader[];
  readonly body?: string;
}

/** Writes a request byte for byte; what a client would tidy up stays as it is. Characters are bytes (latin1). */
export function written({
  method = 'POST',
  target = '/graphql',
  version = 'HTTP/1.1',
  headers,
  body = '',
}: RawRequest): string {
  const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `${method} ${target} ${version}\r\n${head}\r\n${body}`;
}

export interface RawAnswer {
  /** 0 where no answer came. */
  readonly status: number;
  /** Status line and headers in lower case. */
  readonly head: string;
  readonly body: string;
  /** All bytes that came, also of further answers, as latin1. */
  readonly received: string;
  /** The statuses of all answers on this connection, in order. */
  readonly statuses: readonly number[];
}

export function parsed(received: string): RawAnswer {
  const [head = '', ...rest] = received.split('\r\n\r\n');
  // A body ends in no newline, so that the next status line follows it at once.
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  return {
    status: statuses[0] ?? 0,
    head: head.toLowerCase(),
    body: rest.join('\r\n\r\n'),
    received,
    statuses,
  };
}
