import type { StreamShape } from '../reader/read-order.ts';

/** What the benchmark says to a peer's script. */
export type PeerCommand =
  /** Get ready for readers of a log of so many lines, which begins at `go`. */
  | {
      readonly kind: 'prepare';
      readonly lines: number;
      readonly readers: number;
      /** Where the peer lets its user choose. */
      readonly linesPerEvent: number;
    }
  | { readonly kind: 'go' };

/** What a peer's script says to the benchmark. */
export type PeerMessage =
  | { readonly kind: 'ready'; readonly version: string }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | {
      readonly kind: 'prepared';
      readonly port: number;
      /** Measured, all together. */
      readonly pids: readonly number[];
      readonly request: string;
      readonly shape: StreamShape;
      /** Where it cannot be read over HTTP. */
      readonly readerScript?: string;
    };

/** What a peer's script is started with, as JSON in its only argument. */
export interface PeerSetup {
  readonly linesPath: string;
  /** A directory of its own, removed by the benchmark. */
  readonly scratch: string;
  /** The name of the document in DOCUMENTS. */
  readonly document: string;
}

export function peerSetup(): PeerSetup {
  return JSON.parse(process.argv[2] ?? '') as PeerSetup;
}

export function sayToBench(message: PeerMessage): void {
  process.send?.(message);
}

/** Ends with the benchmark, however that ends. `release` may come more than once. */
export function onCommands(take: (command: PeerCommand) => unknown, release: () => Promise<void>): void {
  const end = (): void => {
    void release().finally(() => process.exit());
  };
  process.on('message', (command: PeerCommand) => void take(command));
  process.once('disconnect', end);
  process.once('SIGTERM', end);
  // Of a terminal, for all its processes: the benchmark hears it, too, and ends its peers in order.
  process.on('SIGINT', () => undefined);
}
