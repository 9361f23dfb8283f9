/** What a reader process is told to do, and what it says; each is one message between it and its parent. */
export interface ReadOrder {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly groups: readonly ReaderGroup[];
  readonly shape: StreamShape;
  /** Each reader must get the lines behind this seq, */
  readonly after: number;
  /** and up to this one. */
  readonly lastSeq: number;
  /** The text of line N begins with its number modulo this: ((N - 1) % textCycle) + 1. */
  readonly textCycle: number;
  /** Whether each text has the time of its writing behind its number, in µs of the shared clock. */
  readonly takesLatencies: boolean;
  /** The readers attach, then take nothing before the parent says `resume`. */
  readonly stalls: boolean;
}

/** Readers of one stream: each sends the same request. */
export interface ReaderGroup {
  /** The bytes of the HTTP request. */
  readonly request: string;
  readonly readers: number;
}

/** How lines stand in the stream: in the JSON of server-sent events, behind these keys, or as they are. */
export type StreamShape =
  { readonly kind: 'sse'; readonly seqKey: string; readonly textKey: string } | { readonly kind: 'text' };

export type ReaderCommand =
  { readonly kind: 'read'; readonly order: ReadOrder } | { readonly kind: 'resume' };

export type ReaderMessage = { readonly kind: 'attached' } | ({ readonly kind: 'done' } & ReadReport);

export interface ReadReport {
  /** On the shared clock: when the first line came to any reader, and the last one to the last reader. */
  readonly firstLineAtMs: number;
  readonly lastLineAtMs: number;
  /** Over all readers. */
  readonly lines: number;
  readonly events: number;
  /** What was lost, repeated or refused; at most a few. */
  readonly faults: readonly string[];
  /** Milliseconds from the write of each line to each reader, over all of them. */
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number } | undefined;
  /** Of the reader process since the first line. */
  readonly cpuSeconds: number;
  /** The data of an early event that has several lines. */
  readonly sample: string;
}
