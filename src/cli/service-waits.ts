/** How long a command waits for a service, in milliseconds, unless it is told. */
export const DEFAULT_WAIT_MS = 30_000;
/** What the server takes. */
export const LONGEST_WAIT_MS = 600_000;
