/** Faults that may be `later`: one that is added here is a decision. */
export const ACCEPTED_LATER: readonly number[] = [92, 125, 126];

/** Files whose tests may be skipped, and on which machines; CI counts the skips. */
export const ACCEPTED_SKIPS: Readonly<Record<string, string>> = {
  'test/cli/completion.test.ts': 'without zsh or fish',
  'test/clients/programs.test.ts': 'without Python',
  'test/end-to-end/containment.test.ts': 'without a cgroup that can be written, or without tini',
  'test/end-to-end/disk.test.ts': 'where no file system can be mounted',
  'test/end-to-end/first-process.test.ts': 'without user namespaces',
  'test/end-to-end/memory.test.ts': 'without a cgroup in which memory can be limited',
  'test/end-to-end/own-unit.test.ts': 'where a cgroup cannot be pretended',
  'test/end-to-end/without-inotify.test.ts': 'without user namespaces',
  'test/end-to-end/run-as.test.ts': 'where the tests do not run as root',
  'test/house/systemd.test.ts': 'without systemd-analyze',
};

/** Chaos scenarios that are skipped where there are no namespaces. */
export const ACCEPTED_CHAOS_SKIPS: readonly string[] = [
  'pid reused by a stranger',
  'shims that nobody reaps',
];
