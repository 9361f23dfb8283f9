import { createHmac, randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { SessionRecord } from '../storage/session-store.ts';
import { HeldResponses } from './held-responses.ts';

/** From the login on, however much it is used: a cookie that somebody took does not live for ever. */
export const SESSION_LIFETIME_MS = 30 * 24 * 60 * 60 * 1000;
/** A write for each request would be much for a date that people read. */
const TOUCH_INTERVAL_MS = 60 * 60 * 1000;

/** Where sessions are kept over restarts. Times are milliseconds since the Unix epoch. */
export interface SessionRecords {
  insert(digest: string, tokenId: number | null, atMs: number, expiresAtMs: number): Promise<void>;
  find(digest: string): Promise<SessionRecord | null>;
  touch(digest: string, atMs: number): Promise<void>;
  remove(digest: string): Promise<void>;
}

/** A session that was found. */
export interface Session {
  readonly digest: string;
  /** The stored token that it was begun with, which must be usable still; `null` for the API token. */
  readonly tokenId: number | null;
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
  readonly #responses = new HeldResponses<string>();

  constructor({ records, token, now = Date.now }: SessionsOptions) {
    this.#records = records;
    this.#token = token;
    this.#now = now;
  }

  /**
   * Begins a session.
   * @param tokenId the stored token that it is begun with; `null` for the API token
   * @returns its secret, for the cookie
   */
  async begin(tokenId: number | null): Promise<string> {
    const secret = randomBytes(32).toString('base64url');
    const atMs = this.#now();
    await this.#records.insert(this.#digest(secret), tokenId, atMs, atMs + SESSION_LIFETIME_MS);
    return secret;
  }

  /** @returns the valid session that has this secret, or undefined */
  async find(secret: string): Promise<Session | undefined> {
    const digest = this.#digest(secret);
    const record = await this.#records.find(digest);
    const atMs = this.#now();
    if (record === null || record.expiresAt.getTime() <= atMs) return undefined;
    if (atMs - record.lastUsedAt.getTime() >= TOUCH_INTERVAL_MS) {
      // Only a note: where it cannot be written, the request is served all the same.
      this.#records.touch(digest, atMs).catch(() => undefined);
    }
    return { digest, tokenId: record.tokenId };
  }

  /** Enrols a response under its session until it closes. */
  attach(digest: string, res: ServerResponse): void {
    this.#responses.attach(digest, res);
  }

  /** Ends a session and cuts what it still receives, except the answer to whoever asked for it. Idempotent. */
  async end(digest: string, answer: ServerResponse): Promise<void> {
    await this.#records.remove(digest);
    this.#responses.cut(digest, answer);
  }

  #digest(secret: string): string {
    return createHmac('sha256', this.#token).update(secret).digest('hex');
  }
}
