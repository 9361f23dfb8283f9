/** A copy of files that is not what it was copied from, or a directory that cannot be one. The message is a sentence. */
export class BackupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}
