import { statfsSync } from 'node:fs';

/** How full a file system is. */
export interface DiskSpace {
  readonly totalBytes: number;
  /** What an ordinary user may still write. */
  readonly freeBytes: number;
  /** Files that may still be made; `null` where the file system has no such bound. */
  readonly freeFiles: number | null;
}

/** Some microseconds. @throws errors of the file system */
export function readDiskSpace(path: string): DiskSpace {
  const { bsize, blocks, bavail, files, ffree } = statfsSync(path);
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize, freeFiles: files > 0 ? ffree : null };
}
