import { by, chaos, type Fault } from './fault.ts';

/** Database, disk, restart and upgrade: 83 to 106. */
export const STORAGE_FAULTS: readonly Fault[] = [
  {
    number: 83,
    fault: 'A rollback takes an acknowledged write with it',
    evidence: [
      by('storage/write-gate', 'loses none of 600 acknowledged writes beside as many transactions that fail'),
    ],
    injection: 'failing transactions beside writes',
  },
  {
    number: 84,
    fault: 'One SQLITE_BUSY poisons the connection',
    notApplicable:
      'a fault of the libsql adapter, which is not used; test/storage/write-gate.test.ts holds a foreign lock and would notice',
  },
  {
    number: 85,
    fault: 'BUSY at COMMIT leaves a transaction open',
    evidence: [by('storage/write-gate', 'is kept in write-ahead mode with foreign keys, and is whole')],
    injection: 'the mode is asserted at start: in write-ahead mode a reader does not block a commit',
  },
  {
    number: 86,
    fault: 'A failed BEGIN leaks the mutex of the adapter',
    notApplicable:
      'nothing begins a transaction by hand: every write passes one gate, and the lint rule bans the client elsewhere',
  },
  {
    number: 87,
    fault: 'A foreign lock blocks the event loop',
    evidence: [
      by(
        'storage/write-gate',
        'waits for a foreign lock without holding up the event loop, and loses nothing',
      ),
    ],
    injection: 'a lock by another process',
  },
  {
    number: 88,
    fault: 'Two servers on one data directory',
    evidence: [
      by('end-to-end/starting', 'refuses, says who holds it, and harms nothing; after kill -9 it starts'),
      by('end-to-end/starting', 'that is started in the same instant leaves exactly one'),
    ],
    injection: 'two servers',
  },
  {
    number: 89,
    fault: 'Two SQLite libraries in one process',
    notApplicable: 'there is one: better-sqlite3',
  },
  {
    number: 90,
    fault: 'A kill during commits',
    evidence: [chaos('death at DATABASE_COMMITTED'), chaos('death at TRANSITION_WRITTEN')],
    injection: 'checkpoints before and after the commit; integrity check after every round',
  },
  {
    number: 91,
    fault: 'A damaged database',
    evidence: [
      by('storage/migrations', 'refuse %s and say how to repair it'),
      by(
        'end-to-end/rebuild',
        'is made anew at the start: everything is there but what is listed, and what runs is adopted',
      ),
      by(
        'end-to-end/rebuild',
        'refuses the start with the command that helps, and changes nothing; the command helps',
      ),
    ],
    injection: 'rubbish in its place, a truncated one, none; backups that are damaged',
  },
  {
    number: 92,
    fault: 'A transaction that takes too long',
    later: 'nothing waits for anything but the database in a transaction; no test holds one open',
  },
  {
    number: 93,
    fault: '64-bit numbers and times',
    evidence: [by('logs/log-index', 'is read as it was written, exact to 2^53')],
    injection: 'any number to 2^53',
    open: 'times have one writer, which no test questions',
  },
  {
    number: 94,
    fault: 'A write to the database fails while a job runs',
    evidence: [by('supervisor/job-life', 'is stored at last, in order, where it could not be for a while')],
    injection: 'a store that fails for a while',
  },
  {
    number: 95,
    fault: 'The disk is full while a job logs',
    evidence: [by('end-to-end/disk', 'that a log fills ends its job, which says so, and the server goes on')],
    injection: 'a file system of 32 MiB, and a job that never stops printing',
    open: 'what the sink had in its hands is lost',
  },
  {
    number: 96,
    fault: 'The disk is full at the exit record',
    evidence: [
      by('supervisor/exit-record', 'has its full size from the beginning and keeps it'),
      by('end-to-end/disk', 'that is full at the end of a job loses nothing of its outcome'),
    ],
    injection: 'the record is written in place and never grows; a full file system at the end',
    open: 'tested on tmpfs; a file system that copies on write may want room',
  },
  {
    number: 97,
    fault: 'The disk is full in SQLite',
    evidence: [
      by(
        'end-to-end/disk',
        'that is full in the database refuses what is to be written, with a code, and takes it when there is room',
      ),
    ],
    injection: 'a full file system',
  },
  {
    number: 98,
    fault: 'Little space is left',
    evidence: [
      by(
        'end-to-end/disk',
        'that has little room left refuses a run that is due, which says so, and takes the next when it has',
      ),
      by(
        'end-to-end/disk',
        'that has little room left takes no new job and says so, and jobs and services go on by themselves when it has',
      ),
    ],
    injection: 'a file that leaves 4 MiB',
  },
  {
    number: 99,
    fault: 'A data directory that cannot be written',
    evidence: [by('end-to-end/starting', 'says in one sentence why it cannot use a data directory')],
    injection: 'such directories',
  },
  {
    number: 100,
    fault: 'Killed at any point of a start',
    evidence: [
      chaos('death at JOB_RECONCILED'),
      by('end-to-end/reconciliation', 'comes to the same result at the next'),
      by('end-to-end/checkpoints', 'between two jobs of its start, at every passage, comes to the same end'),
    ],
    injection: 'checkpoint, up to three times in a row; SIGKILL at random times of a start',
  },
  {
    number: 101,
    fault: 'Jobs of an older or newer version',
    evidence: [
      by(
        'end-to-end/reconciliation',
        'that cannot be read is left as it is and named with the reason, at each start',
      ),
      by('logs/log-index', 'refuses the index of another job, a newer version’s, and a symbolic link'),
      by(
        'end-to-end/versions',
        'is carried over: its jobs go on, its history stays, its database is backed up',
      ),
    ],
    injection:
      'directories of another format; files and tables as the first version wrote them, with a job that runs',
  },
  {
    number: 102,
    fault: 'A migration that is interrupted or comes twice',
    evidence: [
      by(
        'storage/migrations',
        'have the database backed up before they change one, whole and readable, and keep what is in it',
      ),
      by('storage/migrations', 'make a new database without a backup, and then do nothing more'),
      by(
        'storage/migrations',
        'take in what is only in the write-ahead log, which never meets the new database',
      ),
      by('storage/migrations', 'that fail leave the database as it was, and nothing beside it'),
      by('end-to-end/migration-death', 'at %s leaves the old database or the new one'),
      by(
        'end-to-end/migration-death',
        'in a new data directory, at every passage, is followed by one that works',
      ),
      by(
        'end-to-end/migration-death',
        'at any time leaves the old database or the new one, whole, and another start migrates',
      ),
      by(
        'end-to-end/migration-death',
        'and one whose process of the migrations is killed refuses, and changes nothing',
      ),
    ],
    injection:
      'checkpoints; SIGKILL of the server at times spread over a migration, and of its process; migrations that fail, or run again',
  },
  {
    number: 103,
    fault: 'An older version on a newer database',
    evidence: [
      by('storage/migrations', 'refuse a database of a newer version, and write nothing to it'),
      by(
        'end-to-end/versions',
        'is refused with a sentence and stays as it is, byte for byte, jobs that run included',
      ),
    ],
    injection: 'a migration, and a format of the directory, that this version does not know',
  },
  {
    number: 104,
    fault: 'systemd ends the jobs with the server',
    evidence: [
      by('house/systemd', 'leaves jobs alone when the server stops, is killed, or runs out of memory'),
      by('end-to-end/own-unit', 'that would end its jobs says so, and what to do: %s'),
    ],
    injection: 'the shipped units; a unit with the default',
  },
  {
    number: 105,
    fault: '500 running jobs at a restart',
    evidence: [chaos('500 running jobs at a restart')],
    injection: 'SIGKILL of the server',
  },
  {
    number: 106,
    fault: 'A directory without a row, a row without a directory',
    evidence: [
      by(
        'end-to-end/reconciliation',
        'of a running job makes the row anew, and the job goes on as if nothing had been',
      ),
      by('end-to-end/reconciliation', 'is adopted where its program lives, and can be cancelled'),
      chaos('death at TRANSITION_WRITTEN'),
    ],
    injection: 'either is deleted; checkpoint between the two',
  },
];
