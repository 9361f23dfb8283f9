import { type AuditedAct, isRefusal } from '../domain/audit.ts';
import type { NewAuditEntry } from '../storage/audit-store.ts';
import { RefusalTally, type TalliedAct } from './refusal-tally.ts';

/** Where entries are kept over restarts. */
export interface AuditRecords {
  append(entries: readonly NewAuditEntry[]): Promise<void>;
}

/** Where a line goes for each entry; a pino logger is one. */
export interface AuditLogger {
  info(facts: { readonly audit: NewAuditEntry }, message: string): void;
  warn(facts: { readonly audit: NewAuditEntry }, message: string): void;
  error(facts: { readonly err: unknown }, message: string): void;
}

export interface AuditLogOptions {
  readonly records: AuditRecords;
  readonly logger: AuditLogger;
  /** Milliseconds for which refusals that are alike are only counted. Default: 10 minutes. */
  readonly tallyMs?: number;
}

/** How many entries wait for a database that cannot be written. */
const MOST_UNSTORED = 1_000;
const TALLY_MS = 10 * 60_000;

/**
 * Who did what, when, from where, and with what result: every act becomes one line of the server's log, at once, and one
 * row, before `record()` resolves.
 *
 * Refusals that are alike are counted after the first, so that whoever knocks for hours fills neither.
 *
 * Entries that come while others are being stored go into one transaction, in their order. Where they cannot be stored, for
 * want of disk, the log says so, and the act is not undone: it has happened. They are stored with the next ones, up to 1,000 of
 * them.
 */
export class AuditLog implements AsyncDisposable {
  readonly #records: AuditRecords;
  readonly #logger: AuditLogger;
  readonly #tally: RefusalTally;
  #waiting: NewAuditEntry[] = [];
  /** What could not be stored yet, oldest first. */
  #unstored: readonly NewAuditEntry[] = [];
  #storing: Promise<void> = Promise.resolve();

  constructor({ records, logger, tallyMs = TALLY_MS }: AuditLogOptions) {
    this.#records = records;
    this.#logger = logger;
    this.#tally = new RefusalTally(tallyMs, (tallied) => void this.#add(tallied));
  }

  /** Resolves when the entry is stored, or cannot be; never rejects. */
  async record({ actor: { title, tokenId, address }, ...rest }: AuditedAct): Promise<void> {
    // What else the caller's object holds is not kept.
    const act = { ...rest, actor: { title, tokenId, address } };
    if (isRefusal(act.result) && !this.#tally.isFirst(act)) return;
    await this.#add({ ...act, count: 1 });
  }

  /** Writes what was only counted so far, and waits until everything is stored. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#tally[Symbol.dispose]();
    await this.#storing;
    if (this.#unstored.length > 0) await this.#storeWaiting();
  }

  async #add({ actor, action, subject, result, count }: TalliedAct): Promise<void> {
    const { title: who, tokenId, address } = actor;
    const entry: NewAuditEntry = { at: new Date(), who, tokenId, address, action, subject, result, count };
    this.#logger[result === 'OK' ? 'info' : 'warn']({ audit: entry }, 'audit');
    this.#waiting.push(entry);
    if (this.#waiting.length === 1) this.#storing = this.#storing.then(() => this.#storeWaiting());
    await this.#storing;
  }

  async #storeWaiting(): Promise<void> {
    const entries = [...this.#unstored, ...this.#waiting];
    this.#waiting = [];
    this.#unstored = [];
    try {
      await this.#records.append(entries);
    } catch (err) {
      this.#unstored = entries.slice(-MOST_UNSTORED);
      this.#logger.error(
        { err },
        'audit entries could not be stored yet; until then they stand in this log alone',
      );
    }
  }
}
