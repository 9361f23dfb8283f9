-- CreateTable
CREATE TABLE "AuditEntry" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" DATETIME NOT NULL,
    "who" TEXT NOT NULL,
    "tokenId" INTEGER,
    "address" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject" TEXT,
    "result" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    CONSTRAINT "AuditEntry_tokenId_fkey" FOREIGN KEY ("tokenId") REFERENCES "ApiToken" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

-- CreateIndex
CREATE INDEX "AuditEntry_tokenId_id_idx" ON "AuditEntry"("tokenId", "id");

-- Append-only, whoever writes. Prisma's schema has no word for it.
CREATE TRIGGER "AuditEntry_no_update" BEFORE UPDATE ON "AuditEntry"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER "AuditEntry_no_delete" BEFORE DELETE ON "AuditEntry"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- REPLACE removes a row without a word to the trigger above.
CREATE TRIGGER "AuditEntry_no_replace" BEFORE INSERT ON "AuditEntry"
WHEN EXISTS (SELECT 1 FROM "AuditEntry" WHERE "id" = NEW."id")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
