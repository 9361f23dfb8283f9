import { by, chaos, type Fault } from './fault.ts';

/** Processes: 1 to 36. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    number: 1,
    fault: 'The server is killed while jobs run',
    evidence: [
      chaos('kill -9 of the server'),
      by('end-to-end/restart', 'at any moment keeps its pid, and its lines are 1..N once'),
    ],
    injection: 'SIGKILL at random times under fast, slow and silent jobs',
  },
  {
    number: 2,
    fault: 'The server dies after the spawn, before the identity is stored',
    evidence: [
      chaos('death at SHIM_SPAWNED'),
      by('end-to-end/checkpoints', 'at %s ends the job as it really ended, with every line once'),
    ],
    injection: 'checkpoint',
  },
  {
    number: 3,
    fault: 'The server dies when the gate is open, before RUNNING is stored',
    evidence: [
      chaos('death at GATE_OPENED'),
      by('end-to-end/reconciliation', 'at %s is brought forward, and its program is not started twice'),
    ],
    injection: 'checkpoint',
  },
  {
    number: 4,
    fault: 'A job ends while no server is there',
    evidence: [
      chaos('jobs that end while no server is there'),
      by('end-to-end/restart', 'that ends meanwhile has its true exit code, its true end and all its lines'),
    ],
    injection: 'SIGKILL of the server, then the end of the job',
  },
  {
    number: 5,
    fault: 'The shim is killed, its program lives',
    evidence: [
      chaos('shim killed'),
      by(
        'end-to-end/reconciliation',
        'goes on, is adopted as such, is LOST at its end, and says that the shim was gone',
      ),
    ],
    injection: 'SIGKILL of the shim alone',
  },
  {
    number: 6,
    fault: 'The program’s group is killed from outside',
    evidence: [
      chaos('group killed from outside'),
      by('end-to-end/programs', 'killed from outside, its group and all, has that outcome'),
    ],
    injection: 'SIGKILL of the group, also by the job itself',
  },
  {
    number: 7,
    fault: 'Lifeline kills the group itself',
    evidence: [
      chaos('kill -9 around a cancel'),
      by(
        'end-to-end/cancel',
        'and ignores the polite signal is killed after its grace period, and the report says so',
      ),
    ],
    injection: 'a cancel of what ignores TERM; SIGKILL of the server around a cancel',
  },
  {
    number: 8,
    fault: 'A stranger has the pid',
    evidence: [
      chaos('pid reused by a stranger'),
      by(
        'end-to-end/reconciliation',
        'and belongs to a stranger by now is told apart from one that is gone; the stranger is not signalled',
      ),
    ],
    injection: 'ns_last_pid in a pid namespace; another start time in the record',
  },
  {
    number: 9,
    fault: 'The machine was restarted',
    evidence: [
      chaos('boot id changed'),
      by(
        'end-to-end/reconciliation',
        'in %s is nobody’s now: the job is LOST, and who has it is not signalled',
      ),
      by(
        'end-to-end/machine-loss',
        'no number has two meanings, the numbers that may have been given are a gap, and readers have an end',
      ),
      by('end-to-end/machine-loss', 'that was shut down in order, there is no gap'),
    ],
    injection: 'another boot id in the record; files that are cut back anywhere',
  },
  {
    number: 10,
    fault: 'The pid is of another pid namespace',
    evidence: [
      chaos('pid namespace changed'),
      by(
        'end-to-end/reconciliation',
        'in %s is nobody’s now: the job is LOST, and who has it is not signalled',
      ),
    ],
    injection: 'another namespace in the record',
  },
  {
    number: 11,
    fault: 'A zombie shim that nobody reaps',
    evidence: [chaos('shims that nobody reaps')],
    injection: 'a pid namespace whose first process does not wait for its children',
  },
  {
    number: 12,
    fault: 'The server is the first process of its container',
    evidence: [
      by('end-to-end/first-process', 'says so at its start, and what to do'),
      by(
        'end-to-end/first-process',
        'takes what its jobs leave behind for gone though nobody reaps it, and says how many there are',
      ),
    ],
    injection: 'a pid namespace of its own',
  },
  {
    number: 13,
    fault: 'A program whose name has spaces and brackets',
    evidence: [
      by(
        'end-to-end/programs',
        'whose name has spaces and brackets is run, cancelled and swept like any other',
      ),
      by('supervisor/process-table', 'is read right whatever the name of the program holds'),
    ],
    injection: 'a program named `a) R 1 (b`',
  },
  {
    number: 14,
    fault: 'A job ignores TERM',
    evidence: [
      by(
        'end-to-end/cancel',
        'and ignores the polite signal is killed after its grace period, and the report says so',
      ),
    ],
    injection: 'trap',
  },
  {
    number: 15,
    fault: 'A job is stopped when it is cancelled',
    evidence: [by('end-to-end/cancel', 'while it is stopped is woken, and ends by the polite signal')],
    injection: 'SIGSTOP',
  },
  {
    number: 16,
    fault: 'Cancelled twice, or while it ends',
    evidence: [
      by(
        'end-to-end/cancel',
        'twice, or by many at once, is cancelled once; only a shorter grace period counts',
      ),
      by('end-to-end/cancel', 'just while it ends has one end, whichever came first'),
    ],
    injection: 'parallel mutations',
  },
  {
    number: 17,
    fault: 'Descendants outlive the leader',
    evidence: [by('end-to-end/cancel', 'are swept when their leader ends'), chaos('kill -9 of the server')],
    injection: 'children in the background, which write their pids down',
  },
  {
    number: 18,
    fault: 'Descendants escape by setsid, also without an environment',
    evidence: [
      by('end-to-end/containment', 'leaves nothing behind, and the report names all'),
      by('end-to-end/cancel', 'are cancelled with it, in other sessions and without an environment, too'),
      by('servers/postgresql', 'held by %s and cancelled with %i ms of grace leaves nothing'),
    ],
    injection: 'double fork, setsid, env -i; a real PostgreSQL',
  },
  {
    number: 19,
    fault: 'A fork bomb while the tree is swept',
    evidence: [by('end-to-end/containment', 'leaves nothing behind, and the report names all')],
    injection: 'a child that forks on, in a session of its own, while the tree is killed',
  },
  {
    number: 20,
    fault: 'No cgroup v2, or none that can be written',
    evidence: [
      by(
        'end-to-end/containment',
        'and its strays with a living parent are ended, and the report says that it was a best effort',
      ),
    ],
    injection: 'a server that is held by nothing',
  },
  {
    number: 21,
    fault: 'The program is missing, not executable, or a directory',
    evidence: [by('end-to-end/programs', 'such as %s is one coded error and no job')],
    injection: 'such requests',
  },
  {
    number: 22,
    fault: 'The working directory is missing',
    evidence: [
      by(
        'end-to-end/programs',
        'is told by the text of the error: the program is not blamed for the directory',
      ),
    ],
    injection: 'such a request',
  },
  {
    number: 23,
    fault: 'NUL in arguments or environment, arguments that are too long',
    evidence: [
      by('end-to-end/programs', 'such as %s is one coded error and no job'),
      by('supervisor/job-request', 'takes the longest argument that the kernel takes'),
    ],
    injection: 'such requests',
  },
  {
    number: 24,
    fault: 'No descriptors or processes are left for a launch',
    evidence: [by('end-to-end/queue', 'refuses or fails the jobs that it cannot launch, says so, and lives')],
    injection: 'a limit on descriptors',
  },
  {
    number: 25,
    fault: 'Exit code or signal: sh cannot tell',
    evidence: [by('end-to-end/programs', 'with exit 143, which could be TERM')],
    injection: '`exit 143` beside a real TERM',
  },
  {
    number: 26,
    fault: 'A shell’s own words in the job’s log',
    evidence: [by('end-to-end/programs', '%s has that outcome, and no shell adds a word to its log')],
    injection: 'signals of many kinds',
  },
  {
    number: 27,
    fault: 'The signal reaches the shim, too',
    evidence: [
      by('end-to-end/programs', 'leaves what its shim said out of the log, also when its shim gets a signal'),
    ],
    injection: 'TERM, INT, HUP, USR1 to every shell of the shim',
  },
  {
    number: 28,
    fault: 'A job that ignores INT since it was in the background',
    evidence: [
      by('end-to-end/programs', 'by INT, which it does not ignore'),
      by(
        'end-to-end/programs',
        'has a session and group of its own, default signal handling, and the descriptors 0, 1 and 2 only',
      ),
    ],
    injection: 'INT',
  },
  {
    number: 29,
    fault: 'A job reads standard input',
    evidence: [
      by(
        'end-to-end/programs',
        'that reads its standard input finds the end at once, or the text that was given',
      ),
    ],
    injection: '`read`',
  },
  {
    number: 30,
    fault: 'Ctrl-C or a hang-up of the server’s terminal',
    evidence: [
      by(
        'end-to-end/restart',
        'by Ctrl-C or a hang-up of its terminal, which reach the server’s whole group, is untouched',
      ),
    ],
    injection: 'INT and HUP to the server’s group',
  },
  {
    number: 31,
    fault: 'Descriptors that were left open by who started the server',
    evidence: [by('end-to-end/programs', 'gets nothing that was left open by whoever started the server')],
    injection: 'descriptors 99 and 251 open at the start',
  },
  {
    number: 32,
    fault: 'Descriptors of the server in a job',
    evidence: [
      by(
        'end-to-end/programs',
        'has a session and group of its own, default signal handling, and the descriptors 0, 1 and 2 only',
      ),
    ],
    injection: 'the job lists its own',
  },
  {
    number: 33,
    fault: 'A crash loop under a restart policy',
    evidence: [
      by('end-to-end/services', 'backs off, gives up, says why, and is started again by hand alone'),
      by('end-to-end/services', 'is stopped while it waits for the next try'),
      by('end-to-end/services', 'goes on waiting over a kill -9 of the server'),
      by(
        'supervisor/services/service-life',
        'backs off after each failure, gives up after ten in a row, and says why',
      ),
      by('supervisor/services/service-keeper', 'never has two jobs, and comes to what is desired'),
    ],
    injection: 'a program that ends at once; kill -9 of the server in between',
  },
  {
    number: 34,
    fault: 'The wall clock jumps',
    evidence: [
      chaos('clock jumps'),
      by(
        'end-to-end/clock',
        'ends no job before its timeout, neither in one life of the server nor over a restart',
      ),
      by('end-to-end/clock', 'does not put off the timeout of a job, also over a restart'),
      by('end-to-end/clock', 'does not cut short the grace period of a cancel, also over a restart'),
      by(
        'end-to-end/reconciliation',
        'has what is left of its grace period, wherever the wall clock has gone meanwhile',
      ),
    ],
    injection: 'a clock in the test entry point, wrong by up to a day either way',
  },
  {
    number: 35,
    fault: 'The kernel kills the job for want of memory',
    evidence: [
      by(
        'end-to-end/programs',
        'killed by nobody it knows, as the kernel does where memory is short, says that this may be why',
      ),
      by('end-to-end/memory', 'takes a job before its server and its shim, whose score is %s'),
      by('end-to-end/memory', 'kills the job that takes it, which says so; the server and other jobs live'),
    ],
    injection: 'a cgroup with little memory; SIGKILL by nobody that Lifeline knows',
  },
  {
    number: 36,
    fault: 'Text file busy',
    evidence: [
      by(
        'end-to-end/programs',
        'that was written a moment ago runs, however many are written and launched at once',
      ),
    ],
    injection: '40 programs that are written and launched at once',
  },
];
