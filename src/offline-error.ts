/** A command without a server that cannot or will not do what it was asked for: one sentence that says why, and what to do. */
export class OfflineError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
