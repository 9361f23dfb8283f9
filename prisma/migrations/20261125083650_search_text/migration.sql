-- The words of a command; between them U+FDD2, and for `%` and `_`, which LIKE takes for wildcards, U+FDD0 and U+FDD1.
ALTER TABLE "Job" ADD COLUMN "searchText" TEXT NOT NULL DEFAULT '';
UPDATE "Job" SET "searchText" = replace(replace(
    coalesce((SELECT group_concat("value", char(64978)) FROM json_each("Job"."command")), ''),
    '%', char(64976)), '_', char(64977));
