-- What is looked through for a part of a word, apart from the wide rows of jobs.
CREATE TABLE "JobSearchText" (
    "jobId" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "text" TEXT NOT NULL,
    CONSTRAINT "JobSearchText_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "JobSearchText" ("jobId", "text") SELECT "id", "searchText" FROM "Job";
-- Not by a new table: to drop the old one would remove what belongs to its rows.
ALTER TABLE "Job" DROP COLUMN "searchText";
