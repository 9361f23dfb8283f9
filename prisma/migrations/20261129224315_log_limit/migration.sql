-- AlterTable
ALTER TABLE "Job" ADD COLUMN "maxLogBytes" BIGINT;
-- AlterTable
ALTER TABLE "Job" ADD COLUMN "logOverflow" TEXT NOT NULL DEFAULT 'TRIM';
