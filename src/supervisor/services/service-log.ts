/** What is told of services to whoever runs the server. A pino logger behind it. */
export interface ServiceLog {
  /** One step of a service's life. */
  changed(
    name: string,
    facts: { readonly from: string; readonly to: string; readonly why: string | null },
  ): void;
  failure(name: string, what: string, error: unknown): void;
}
