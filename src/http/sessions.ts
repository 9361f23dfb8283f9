import { createHmac, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { SessionRecord } from '../storage/session-store.ts';

/** From the login on, however much it is used: a cookie that somebody took does not live for ever. */
export const SESSION_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
/** A write for each request would be much for a date that people read. */
const TOUCH_INTERVAL_MS = 60 * 60 * 1000;

/** Where sessions are kept over restarts. Times are milliseconds since the Unix epoch. */
export interface SessionRecords {
  insert(digest: string, atMs: number, expiresAtMs: number): Promise<void>;
  find(digest: string): Promise<SessionRecord | null>;
  touch(digest: string, atMs: number): Promise<void>;
  remove(digest: string): Promise<void>;
}

export interface SessionsOptions {
  readonly records: SessionRecords;
  /** The API token: with another one, the sessions of this one are not found any more. */
  readonly token: string;
  /** The clock, in milliseconds since the Unix epoch. Default: `Date.now`. */
  readonly now?: () => number;
}

/**
 * Browsers that have logged in: none → `begin()` → valid → `end()`, expiry, or another API token → never valid again.
 *
 * A session is 256 random bits that only the browser has. What is stored is their HMAC under the API token, so a copy of
 * the database lets nobody in, and whoever changes the token ends all sessions.
 *
 * Known gap: a stream that is open when its session expires is not cut.
 */
export class Sessions {
  readonly #records: SessionRecords;
  readonly #token: string;
  readonly #now: () => number;
  readonly #responses = new Map<string, Set<ServerResponse>>();

  constructor({ records, token, now = Date.now }: SessionsOptions) {
    this.#records = records;
    this.#token = token;
    this.#now = now;
  }

  /** Begins a session. @returns its secret, for the cookie */
  async begin(): Promise<string> {
    const secret = randomBytes(32).toString('base64url');
    const atMs = this.#now();
    await this.#records.insert(this.#digest(secret), atMs, atMs + SESSION_LIFETIME_MS);
    return secret;
  }

  /** @returns the digest of the valid session that has this secret, or undefined */
  async find(secret: string): Promise<string | undefined> {
    const digest = this.#digest(secret);
    const record = await this.#records.find(digest);
    const atMs = this.#now();
    if (record === null || record.expiresAt.getTime() <= atMs) return undefined;
    if (atMs - record.lastUsedAt.getTime() >= TOUCH_INTERVAL_MS) {
      // Only a note: where it cannot be written, the request is served all the same.
      this.#records.touch(digest, atMs).catch(() => undefined);
    }
    return digest;
  }

  /** Enrols a response under its session until it closes. */
  attach(digest: string, res: ServerResponse): void {
    const responses = this.#responses.get(digest) ?? new Set();
    this.#responses.set(digest, responses.add(res));
    res.once('close', () => {
      responses.delete(res);
      if (responses.size === 0 && this.#responses.get(digest) === responses) this.#responses.delete(digest);
    });
  }

  /** Ends a session and cuts what it still receives, except the answer to whoever asked for it. Idempotent. */
  async end(digest: string, answer: ServerResponse): Promise<void> {
    await this.#records.remove(digest);
    for (const res of this.#responses.get(digest) ?? []) if (res !== answer) res.destroy();
  }

  #digest(secret: string): string {
    return createHmac('sha256', this.#token).update(secret).digest('hex');
  }
}
