import type { Scope } from '../domain/scope.ts';
import type { ReadClient } from './database.ts';
import type { ApiToken } from './generated/client.ts';
import type { WriteGate } from './write-gate.ts';

/** A token's row, as this version writes it. */
export type ApiTokenRecord = Omit<ApiToken, 'scope'> & { readonly scope: Scope };

/** What a new row is made of. */
export type NewApiToken = Pick<
  ApiTokenRecord,
  'name' | 'digest' | 'scope' | 'createdAt' | 'createdBy' | 'expiresAt'
>;

/** The stored tokens. Only digests: what is kept here lets nobody in. */
export class ApiTokenStore {
  readonly #read: ReadClient;
  readonly #gate: WriteGate;

  constructor(read: ReadClient, gate: WriteGate) {
    this.#read = read;
    this.#gate = gate;
  }

  /** Those that were not revoked; expired ones, too. */
  async findUsable(): Promise<readonly ApiTokenRecord[]> {
    return (await this.#read.apiToken.findMany({ where: { revokedAt: null } })) as ApiTokenRecord[];
  }

  /** @returns the row; `null` where one of this name was made before */
  async insert(token: NewApiToken): Promise<ApiTokenRecord | null> {
    return this.#gate.transaction(async (tx) => {
      if ((await tx.apiToken.findUnique({ where: { name: token.name } })) !== null) return null;
      return (await tx.apiToken.create({ data: token })) as ApiTokenRecord;
    });
  }

  /** @returns the row, revoked now or before; `null` where there is none of this name */
  async revoke(name: string, at: Date): Promise<ApiTokenRecord | null> {
    return this.#gate.transaction(async (tx) => {
      await tx.apiToken.updateMany({ where: { name, revokedAt: null }, data: { revokedAt: at } });
      return (await tx.apiToken.findUnique({ where: { name } })) as ApiTokenRecord | null;
    });
  }

  /** Notes that it was used. */
  async touch(id: number, at: Date): Promise<void> {
    await this.#gate.transaction((tx) => tx.apiToken.updateMany({ where: { id }, data: { lastUsedAt: at } }));
  }
}
