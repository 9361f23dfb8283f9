-- AlterTable
ALTER TABLE "Cancellation" ADD COLUMN "stopCommand" TEXT;
