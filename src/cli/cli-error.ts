/** The command cannot do what it was asked; the sentence says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
}
