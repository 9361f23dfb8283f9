import type { ReadClient } from './database.ts';
import type { Session } from './generated/client.ts';
import type { WriteGate } from './write-gate.ts';

/** A session's row. */
export type SessionRecord = Session;

/** The browsers that have logged in. Only digests: what is stored here lets nobody in. */
export class SessionStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  /**
   * Adds a session and removes those that have expired. Times are milliseconds since the Unix epoch.
   * @param tokenId the stored token that it was begun with, if it was one
   */
  async insert(digest: string, tokenId: number | null, atMs: number, expiresAtMs: number): Promise<void> {
    const at = new Date(atMs);
    await this.#gate.transaction(async (tx) => {
      await tx.session.deleteMany({ where: { expiresAt: { lte: at } } });
      await tx.session.create({
        data: { digest, tokenId, createdAt: at, lastUsedAt: at, expiresAt: new Date(expiresAtMs) },
      });
    });
  }

  /** Expired ones, too. */
  async find(digest: string): Promise<SessionRecord | null> {
    return this.#read.session.findUnique({ where: { digest } });
  }

  /** Notes that it was used; one that is gone stays gone. */
  async touch(digest: string, atMs: number): Promise<void> {
    await this.#gate.transaction((tx) =>
      tx.session.updateMany({ where: { digest }, data: { lastUsedAt: new Date(atMs) } }),
    );
  }

  /** Idempotent. */
  async remove(digest: string): Promise<void> {
    await this.#gate.transaction((tx) => tx.session.deleteMany({ where: { digest } }));
  }
}
