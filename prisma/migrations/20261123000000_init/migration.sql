-- CreateTable
CREATE TABLE "Job" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "requestId" TEXT,
    "requestFingerprint" TEXT,
    "status" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "message" TEXT,
    "command" TEXT NOT NULL,
    "script" TEXT,
    "cwd" TEXT NOT NULL,
    "env" TEXT NOT NULL,
    "labels" TEXT NOT NULL,
    "timeoutMs" BIGINT,
    "gracePeriodMs" BIGINT NOT NULL,
    "onEnd" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 1,
    "rerunOfId" INTEGER,
    "pid" INTEGER,
    "exitCode" INTEGER,
    "signal" TEXT,
    "signalInferred" BOOLEAN NOT NULL DEFAULT false,
    "queuedAt" DATETIME NOT NULL,
    "startedAt" DATETIME,
    "finishedAt" DATETIME,
    CONSTRAINT "Job_rerunOfId_fkey" FOREIGN KEY ("rerunOfId") REFERENCES "Job" ("id") ON DELETE SET NULL ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "JobLabel" (
    "jobId" INTEGER NOT NULL,
    "label" TEXT NOT NULL,

    PRIMARY KEY ("jobId", "label"),
    CONSTRAINT "JobLabel_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "JobTransition" (
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "from" TEXT,
    "to" TEXT NOT NULL,
    "at" DATETIME NOT NULL,
    "reason" TEXT NOT NULL,
    "cause" TEXT,

    PRIMARY KEY ("jobId", "number"),
    CONSTRAINT "JobTransition_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "ActiveJob" (
    "jobId" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "cookie" TEXT NOT NULL,
    "bootId" TEXT NOT NULL,
    "pidNamespace" TEXT NOT NULL,
    "shimPid" INTEGER,
    "shimStartTicks" BIGINT,
    "programPid" INTEGER,
    "programStartTicks" BIGINT,
    CONSTRAINT "ActiveJob_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateTable
CREATE TABLE "Cancellation" (
    "jobId" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "reason" TEXT NOT NULL,
    "requestedAt" DATETIME NOT NULL,
    "requestedBy" TEXT,
    "gracePeriodMs" BIGINT NOT NULL,
    "killedAt" DATETIME,
    "finishedAt" DATETIME,
    "containment" TEXT NOT NULL,
    "processes" TEXT NOT NULL,
    CONSTRAINT "Cancellation_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "Job_requestId_key" ON "Job"("requestId");

-- CreateIndex
CREATE INDEX "Job_status_id_idx" ON "Job"("status", "id");

-- CreateIndex
CREATE INDEX "Job_rerunOfId_idx" ON "Job"("rerunOfId");

-- CreateIndex
CREATE INDEX "JobLabel_label_jobId_idx" ON "JobLabel"("label", "jobId");
