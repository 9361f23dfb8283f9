-- AlterTable
ALTER TABLE "Job" ADD COLUMN "hasSecrets" BOOLEAN NOT NULL DEFAULT false;
