-- CreateTable
CREATE TABLE "Service" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "createdAt" DATETIME NOT NULL,
    "desired" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "since" DATETIME NOT NULL,
    "why" TEXT,
    "steps" INTEGER NOT NULL DEFAULT 0,
    "runs" INTEGER NOT NULL DEFAULT 0,
    "currentJobId" INTEGER,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "retryAt" DATETIME,
    "scheduledTo" DATETIME
);

-- CreateTable
CREATE TABLE "ServiceVersion" (
    "serviceId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "definition" TEXT NOT NULL,
    "savedAt" DATETIME NOT NULL,
    "savedBy" TEXT NOT NULL,

    PRIMARY KEY ("serviceId", "number"),
    CONSTRAINT "ServiceVersion_serviceId_fkey" FOREIGN KEY ("serviceId") REFERENCES "Service" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ServiceTransition" (
    "serviceId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    "desired" TEXT NOT NULL,
    "at" DATETIME NOT NULL,
    "why" TEXT,
    "jobId" INTEGER,

    PRIMARY KEY ("serviceId", "number"),
    CONSTRAINT "ServiceTransition_serviceId_fkey" FOREIGN KEY ("serviceId") REFERENCES "Service" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ScheduledRun" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "serviceId" INTEGER NOT NULL,
    "dueAt" DATETIME NOT NULL,
    "decidedAt" DATETIME NOT NULL,
    "outcome" TEXT NOT NULL,
    "why" TEXT,
    "jobId" INTEGER,
    CONSTRAINT "ScheduledRun_serviceId_fkey" FOREIGN KEY ("serviceId") REFERENCES "Service" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- AlterTable: columns are added in place. Making the table anew, as the engine proposes, would delete what hangs on its rows.
ALTER TABLE "Job" ADD COLUMN "stopSignal" TEXT NOT NULL DEFAULT 'SIGTERM';
ALTER TABLE "Job" ADD COLUMN "stopCommand" TEXT;
ALTER TABLE "Job" ADD COLUMN "priority" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "Job" ADD COLUMN "concurrencyKey" TEXT;
ALTER TABLE "Job" ADD COLUMN "concurrencyLimit" INTEGER NOT NULL DEFAULT 1;
ALTER TABLE "Job" ADD COLUMN "trigger" TEXT NOT NULL DEFAULT 'REQUEST';
ALTER TABLE "Job" ADD COLUMN "serviceId" INTEGER REFERENCES "Service" ("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "Job" ADD COLUMN "serviceName" TEXT;
ALTER TABLE "Job" ADD COLUMN "serviceVersion" INTEGER;
ALTER TABLE "Job" ADD COLUMN "serviceRun" INTEGER;
ALTER TABLE "Job" ADD COLUMN "retryAt" DATETIME;
ALTER TABLE "Job" ADD COLUMN "retryIsDecided" BOOLEAN NOT NULL DEFAULT false;

-- CreateIndex
CREATE INDEX "Job_serviceId_id_idx" ON "Job"("serviceId", "id");
CREATE UNIQUE INDEX "Job_serviceId_serviceRun_key" ON "Job"("serviceId", "serviceRun");

-- CreateIndex
CREATE UNIQUE INDEX "Service_name_key" ON "Service"("name");

-- CreateIndex
CREATE UNIQUE INDEX "ScheduledRun_serviceId_dueAt_key" ON "ScheduledRun"("serviceId", "dueAt");
