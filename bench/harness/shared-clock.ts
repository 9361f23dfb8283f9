const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds on the monotonic clock of the machine, which all its processes share. */
export function sharedNowMs(): number {
  return offsetMs + performance.now();
}
