import type { ExecutionResult } from 'graphql';

/** A result of which only the JSON text is left, for whoever writes it to a client. It has no errors. */
export class RenderedResult {
  /** UTF-8, to be written one after the other. Shared with other readers: not to be changed. */
  readonly json: readonly Uint8Array[];

  constructor(json: readonly Uint8Array[]) {
    this.json = json;
  }

  /** As what passes for a result on its way through the library. */
  asResult(): ExecutionResult {
    return this as ExecutionResult;
  }
}
