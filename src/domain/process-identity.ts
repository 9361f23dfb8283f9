/**
 * Which process this is, beyond doubt: a pid is reused, a pid with its start time, boot and namespace is not.
 * Source: proc_pid_stat(5) field 22, /proc/sys/kernel/random/boot_id, /proc/self/ns/pid.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Kernel clock ticks from boot to the start of the process. */
  readonly startTicks: number;
}

/** The kernel instance and pid namespace in which identities mean something. */
export interface HostIdentity {
  readonly bootId: string;
  /** Such as `pid:[4026531836]`. */
  readonly pidNamespace: string;
}
