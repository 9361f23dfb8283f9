-- AlterTable
ALTER TABLE "Job" ADD COLUMN "allocatedBytes" BIGINT;
ALTER TABLE "Job" ADD COLUMN "pinned" BOOLEAN NOT NULL DEFAULT false;

-- CreateIndex
CREATE INDEX "Job_pinned_finishedAt_serviceId_allocatedBytes_idx" ON "Job"("pinned", "finishedAt", "serviceId", "allocatedBytes");

-- CreateIndex
CREATE INDEX "Job_serviceId_pinned_finishedAt_idx" ON "Job"("serviceId", "pinned", "finishedAt");

-- CreateIndex
CREATE INDEX "Job_queuedAt_idx" ON "Job"("queuedAt");

-- CreateTable
CREATE TABLE "AuditTrim" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "at" DATETIME NOT NULL,
    "lastId" INTEGER NOT NULL,
    "count" INTEGER NOT NULL,
    "digest" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "AuditTrim_lastId_idx" ON "AuditTrim"("lastId");

-- Append-only, whoever writes; and what a trim covers can only be the oldest entries, of which it then tells for good.
CREATE TRIGGER "AuditTrim_no_update" BEFORE UPDATE ON "AuditTrim"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER "AuditTrim_no_delete" BEFORE DELETE ON "AuditTrim"
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER "AuditTrim_no_replace" BEFORE INSERT ON "AuditTrim"
WHEN EXISTS (SELECT 1 FROM "AuditTrim" WHERE "id" = NEW."id" OR "lastId" >= NEW."lastId")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

DROP TRIGGER "AuditEntry_no_delete";

CREATE TRIGGER "AuditEntry_no_delete" BEFORE DELETE ON "AuditEntry"
WHEN NOT EXISTS (SELECT 1 FROM "AuditTrim" WHERE "lastId" >= OLD."id")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- An entry that a trim covers is gone: none may be put in its place.
CREATE TRIGGER "AuditEntry_no_insert_before_trim" BEFORE INSERT ON "AuditEntry"
WHEN NEW."id" <= (SELECT MAX("lastId") FROM "AuditTrim")
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
