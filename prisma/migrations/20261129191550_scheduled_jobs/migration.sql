-- AlterTable
ALTER TABLE "Job" ADD COLUMN "dueAt" DATETIME;
ALTER TABLE "Job" ADD COLUMN "retryOfId" INTEGER;

-- CreateIndex
CREATE UNIQUE INDEX "Job_retryOfId_key" ON "Job"("retryOfId");

-- CreateIndex
CREATE INDEX "Job_serviceId_status_idx" ON "Job"("serviceId", "status");

-- CreateIndex
CREATE UNIQUE INDEX "Job_serviceId_dueAt_key" ON "Job"("serviceId", "dueAt");
