import type { Prisma } from './generated/client.ts';
import type { WriteGate } from './write-gate.ts';

/** What a new row is made of. */
export type NewAuditEntry = Omit<Prisma.AuditEntryUncheckedCreateInput, 'id'>;

/** What was done, and what was refused. Rows are only ever added; the database itself refuses anything else. */
export class AuditStore {
  readonly #gate: WriteGate;

  constructor(gate: WriteGate) {
    this.#gate = gate;
  }

  /** In the order given, all or none. */
  async append(entries: readonly NewAuditEntry[]): Promise<void> {
    await this.#gate.transaction((tx) => tx.auditEntry.createMany({ data: [...entries] }));
  }
}
