/** What is told of services to whoever runs the server. A pino logger behind it. */
export interface ServiceLog {
  /** One step of a service's life. */
  changed(
    name: string,
    facts: { readonly from: string; readonly to: string; readonly why: string | null },
  ): void;
  /** It has written nothing for longer than it may, or writes again. @param sinceMs milliseconds since the Unix epoch */
  silence(name: string, isSilent: boolean, sinceMs: number): void;
  failure(name: string, what: string, error: unknown): void;
}
