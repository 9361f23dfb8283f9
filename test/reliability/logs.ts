import { by, chaos, type Fault } from './fault.ts';

/** Logs: 37 to 53. */
export const LOG_FAULTS: readonly Fault[] = [
  {
    number: 37,
    fault: 'Lines are written while no server is there',
    evidence: [
      chaos('kill -9 of the server'),
      by('end-to-end/restart', 'by %s goes on, and its reader resumes without a gap'),
    ],
    injection: 'jobs that print over SIGKILL and SIGTERM of the server',
  },
  {
    number: 38,
    fault: 'A last line without newline',
    evidence: [
      by('end-to-end/lines', 'without a newline at the end is delivered before the end, which says so'),
    ],
    injection: '`printf`',
  },
  {
    number: 39,
    fault: 'Lines at the limit and far beyond it',
    evidence: [
      by('end-to-end/lines', 'of %i bytes is cut only when it is longer than 64 KiB'),
      by(
        'end-to-end/lines',
        'of 10 MB comes in pieces of 64 KiB that say that they go on, and every byte is there',
      ),
    ],
    injection: 'lines of limit - 1, limit, limit + 1, and of 10 MB',
  },
  {
    number: 40,
    fault: 'Invalid UTF-8, and code points that are cut',
    evidence: [
      by('end-to-end/lines', 'with invalid UTF-8 is shown with U+FFFD, and its bytes come back exactly'),
      by('end-to-end/lines', 'whose code point is cut between two writes is whole'),
    ],
    injection: 'bytes in writes of their own',
  },
  {
    number: 41,
    fault: 'NUL, lone CR, CRLF',
    evidence: [
      by('end-to-end/lines', 'with NUL bytes and control characters keeps them'),
      by('end-to-end/lines', 'that ends with CRLF loses both, a lone CR is kept, and blank lines count'),
    ],
    injection: 'such bytes',
  },
  {
    number: 42,
    fault: 'A prompt, then silence',
    evidence: [
      by(
        'end-to-end/lines',
        'that stays without newline, as a prompt does, is delivered while its program waits',
      ),
    ],
    injection: 'a program that asks and waits',
  },
  {
    number: 43,
    fault: 'Both streams in turn',
    evidence: [by('end-to-end/lines', 'of each stream stands in the order in which its program wrote it')],
    injection: '500 alternate writes',
  },
  {
    number: 44,
    fault: 'A descendant writes after the program has ended',
    evidence: [
      by(
        'end-to-end/lines',
        'is never delivered after the end, also not one of a descendant that outlives the program',
      ),
    ],
    injection: 'a background process that prints, under both policies',
  },
  {
    number: 45,
    fault: 'The exit record is there before the last bytes are read',
    evidence: [
      chaos('death at EXIT_SEEN'),
      by('end-to-end/lines', 'written last of all by a program that ends at once is always there'),
    ],
    injection: 'programs that end with their last line; checkpoint; a stopped server',
  },
  {
    number: 46,
    fault: 'The log is truncated from outside',
    evidence: [
      chaos('log truncated'),
      by('logs/tailer', 'says once that a log file shrank, and goes on at its new end'),
    ],
    injection: 'truncate',
    open: 'a file that is cut and has grown past its old end before anybody looked is not noticed',
  },
  {
    number: 47,
    fault: 'The log is deleted or renamed',
    evidence: [
      chaos('log deleted or renamed'),
      by('logs/tailer', 'goes on with a log file that was deleted while it reads it'),
      by('logs/tailer', 'says once that a log file is missing that was there, and ends all the same'),
    ],
    injection: 'rm, mv, also over a restart',
  },
  {
    number: 48,
    fault: 'The log is replaced by a symbolic link or a FIFO',
    evidence: [
      chaos('log replaced by a symbolic link'),
      by(
        'end-to-end/replaced-log',
        'by a %s while no server is there goes on: its lines are told as gone, its end is true',
      ),
      by('logs/tailer', 'refuses a log file that is a %s, says so once, and goes on with the other stream'),
      by('http/log-download', 'does not follow a link that was put in the place of a log'),
    ],
    injection: 'link, FIFO, directory',
  },
  {
    number: 49,
    fault: 'The oldest lines are trimmed while the job writes',
    evidence: [
      by('logs/trimming', 'has its cursors, gaps, counts and sizes as the plain model says'),
      by('end-to-end/log-cap', 'is read by page, tail, events and downloads as far as it is kept'),
      by('end-to-end/log-cap', 'at %s: the next one goes on with the log and the job as if nothing had been'),
      by('end-to-end/log-cap', 'goes on beyond it where the file system makes no holes, and says so'),
      by(
        'end-to-end/retention',
        'by count keeps the newest, takes row and directory of the others, and says what it took',
      ),
      by('end-to-end/retention', 'that a death cut short at any point is finished by the next start'),
    ],
    injection:
      'floods beyond a cap of 1 MiB; SIGKILL between mark and hole, and at each step of a removal; a `fallocate` that cannot',
  },
  {
    number: 50,
    fault: 'Output without end',
    evidence: [
      by(
        'end-to-end/log-cap',
        'loses its oldest lines, beside a quiet one that loses none; readers are told, across a death of the server',
      ),
      by(
        'end-to-end/log-cap',
        'shares the disk with three others and a quiet one; each keeps to its own cap',
      ),
      by('end-to-end/log-cap', 'is ended instead, where it was asked to be'),
      by('end-to-end/log-cap', 'lets a job that it had held back end by a cancel'),
    ],
    injection: 'a program that writes as fast as it can; `npm run bench:log-cap` has four for a minute',
  },
  {
    number: 51,
    fault: 'The index is newer or older than the file',
    evidence: [
      chaos('death at INDEX_APPENDED'),
      chaos('death at BATCH_PUBLISHED'),
      by('logs/log-index', 'goes on behind the last whole record, wherever the tail was torn'),
      by('logs/tailer', 'gives the same numbers, lines and bytes wherever it was restarted'),
      by(
        'logs/machine-loss',
        'a number that was seen is the same line or in a gap; what follows is above the mark (any cut of any file)',
      ),
      by(
        'logs/machine-loss',
        'an index that somebody took away is noticed without it, and no number is given again',
      ),
    ],
    injection: 'checkpoints; a tail that is torn anywhere; index and streams that end anywhere',
  },
  {
    number: 52,
    fault: 'A seq or an offset beyond 2^31',
    evidence: [by('logs/log-index', 'is read as it was written, exact to 2^53')],
    injection: 'records with any number to 2^53',
  },
  {
    number: 53,
    fault: 'No inotify',
    evidence: [
      by(
        'end-to-end/without-inotify',
        'a server that cannot watch directories follows its jobs all the same',
      ),
      by('logs/directory-watch', 'polls where watching is not possible'),
    ],
    injection: 'a user namespace that allows none',
  },
];
