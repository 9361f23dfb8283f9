import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { ConflictError, InvalidInputError, LifelineError } from '../domain/errors.ts';
import { isTokenName } from '../domain/token-name.ts';
import type { NewToken, TokenControl } from '../graphql/services.ts';
import type { ApiTokenRecord, NewApiToken } from '../storage/api-token-store.ts';
import { LongTimer } from '../supervisor/long-timer.ts';
import { digestOf } from './digest-of.ts';
import { HeldResponses } from './held-responses.ts';

/** Tools that look for secrets in repositories and logs know tokens by such a word. */
const PREFIX = 'lifeline_';
/** A write for each request would be much for a date that people read. */
const TOUCH_INTERVAL_MS = 60_000;
/** After a revocation: for answers that are nearly done, that to whoever revoked among them. Nothing new is let in meanwhile. */
const CUT_AFTER_MS = 200;

/** A token is refused, but only for as long as this server runs. */
class RevocationNotStoredError extends LifelineError {
  readonly code = 'INTERNAL';

  constructor(name: string, options: ErrorOptions) {
    super(
      `A token with the name ${name} is refused from now on, but that could not be stored: after a restart of the server it would be valid again. See its log for the reason, then revoke it once more.`,
      options,
    );
  }
}

/** Where tokens are kept over restarts. */
export interface ApiTokenRecords {
  findUsable(): Promise<readonly ApiTokenRecord[]>;
  insert(token: NewApiToken): Promise<ApiTokenRecord | null>;
  revoke(name: string, at: Date): Promise<ApiTokenRecord | null>;
  touch(id: number, at: Date): Promise<void>;
}

interface Usable {
  readonly record: ApiTokenRecord;
  readonly expiry: Disposable | undefined;
  touchedMs: number;
}

/**
 * The tokens beside the server's own: none → `create()` → usable → `revoke()`, or expiry → never usable again.
 *
 * A token is 256 random bits behind a prefix. It is shown once, and only its digest is kept. Nobody else writes the rows
 * while this server holds the lease, so that those in use stand in memory, too, and a request costs no query. When one
 * ends, everything that it still receives is cut within a second.
 */
export class ApiTokens implements TokenControl, Disposable {
  readonly #records: ApiTokenRecords;
  readonly #byDigest = new Map<string, Usable>();
  readonly #byId = new Map<number, Usable>();
  readonly #responses = new HeldResponses<number>();

  private constructor(records: ApiTokenRecords) {
    this.#records = records;
  }

  static async open(records: ApiTokenRecords): Promise<ApiTokens> {
    const tokens = new ApiTokens(records);
    for (const record of await records.findUsable()) tokens.#use(record);
    return tokens;
  }

  async create({ name, scope, expiresAt, createdBy }: NewToken): Promise<{ id: number; secret: string }> {
    if (!isTokenName(name)) {
      throw new InvalidInputError(
        'A token’s name has 1 to 64 letters, digits and any of . _ - @, and nothing else.',
        'input.name',
      );
    }
    const createdAt = new Date();
    if (expiresAt !== null && expiresAt.getTime() <= createdAt.getTime()) {
      throw new InvalidInputError('That time is past: give a later one.', 'input.expiresAt');
    }
    const secret = `${PREFIX}${randomBytes(32).toString('base64url')}`;
    const record = await this.#records.insert({
      name,
      digest: digestOf(secret),
      scope,
      createdAt,
      createdBy,
      expiresAt,
    });
    if (record === null) {
      throw new ConflictError(`There is, or was, a token with the name ${name}. Give another name.`);
    }
    this.#use(record);
    return { id: record.id, secret };
  }

  /**
   * Ends a token before that is stored: a database that is locked or full keeps nobody in.
   * @throws InvalidInputError for an unknown name, RevocationNotStoredError
   */
  async revoke(name: string): Promise<number> {
    const usable = [...this.#byId.values()].find(({ record }) => record.name === name);
    if (usable !== undefined) this.#end(usable.record);
    let record: ApiTokenRecord | null;
    try {
      record = await this.#records.revoke(name, new Date());
    } catch (cause) {
      throw new RevocationNotStoredError(name, { cause });
    }
    if (record === null) throw new InvalidInputError(`There is no token with the name ${name}.`, 'name');
    this.#end(record);
    return record.id;
  }

  /**
   * The usable token that this text is. Notes its use. It is looked up by its digest, of which a caller cannot choose a part:
   * how long that takes tells nothing.
   */
  find(given: string): ApiTokenRecord | undefined {
    const usable = this.#byDigest.get(digestOf(given));
    return usable && this.#noteUse(usable);
  }

  /** The usable token of a session. Notes its use. */
  findById(id: number): ApiTokenRecord | undefined {
    const usable = this.#byId.get(id);
    return usable && this.#noteUse(usable);
  }

  /** Enrols a response under its token, which may end before it. */
  attach(id: number, res: ServerResponse): void {
    this.#responses.attach(id, res);
  }

  [Symbol.dispose](): void {
    for (const { expiry } of this.#byId.values()) expiry?.[Symbol.dispose]();
  }

  #use(record: ApiTokenRecord): void {
    const { id, digest, expiresAt, lastUsedAt } = record;
    const restMs = expiresAt === null ? undefined : expiresAt.getTime() - Date.now();
    if (restMs !== undefined && restMs <= 0) return;
    const expiry =
      restMs === undefined
        ? undefined
        : new LongTimer(restMs, () => {
            this.#end(record);
          });
    const usable = { record, expiry, touchedMs: lastUsedAt?.getTime() ?? 0 };
    this.#byDigest.set(digest, usable);
    this.#byId.set(id, usable);
  }

  #end({ id, digest }: ApiTokenRecord): void {
    this.#byId.get(id)?.expiry?.[Symbol.dispose]();
    this.#byId.delete(id);
    this.#byDigest.delete(digest);
    setTimeout(() => {
      this.#responses.cut(id);
    }, CUT_AFTER_MS).unref();
  }

  #noteUse(usable: Usable): ApiTokenRecord | undefined {
    const { record } = usable;
    const nowMs = Date.now();
    // The timer runs on the monotonic clock; the wall clock may have been put forward meanwhile.
    if (record.expiresAt !== null && record.expiresAt.getTime() <= nowMs) {
      this.#end(record);
      return undefined;
    }
    if (nowMs - usable.touchedMs >= TOUCH_INTERVAL_MS) {
      usable.touchedMs = nowMs;
      // Only a note: where it cannot be written, the request is served all the same.
      this.#records.touch(record.id, new Date(nowMs)).catch(() => undefined);
    }
    return record;
  }
}
