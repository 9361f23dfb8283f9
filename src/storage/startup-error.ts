/** The server cannot start: one sentence that says what is wrong and what to do. Shown to whoever starts it, so it may name paths. */
export class StartupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
