import { type OperationSink, SharedStream, type StreamGuard } from './shared-stream.ts';

/** The streams of a browser: one, until it carries as much as a stream can; then another. */
export class StreamPool {
  readonly #streams = new Set<SharedStream>();

  /**
   * Starts an operation on a stream that has room, which is opened where there is none.
   * @param body a GraphQL request over HTTP, as JSON
   * @returns its guard
   */
  start(body: string, sink: OperationSink): StreamGuard {
    return (this.#withRoom() ?? this.#opened()).start(body, sink);
  }

  #withRoom(): SharedStream | undefined {
    return [...this.#streams].find((stream) => stream.hasRoom);
  }

  #opened(): SharedStream {
    const stream = new SharedStream(() => this.#streams.delete(stream));
    this.#streams.add(stream);
    return stream;
  }
}
