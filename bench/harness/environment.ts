import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

const PACKAGES = ['graphql', 'graphql-yoga', 'graphql-sse'];
const ROOT = join(import.meta.dirname, '../..');

/** What the figures depend on. */
export interface Environment {
  readonly date: string;
  readonly command: string;
  readonly cores: number;
  readonly cpuModel: string;
  readonly memoryGiB: number;
  readonly node: string;
  readonly kernel: string;
  /** Name and version of what takes part. */
  readonly versions: Readonly<Record<string, string>>;
  /** Processes that wanted a core in the minute before. */
  readonly loadBefore: number;
}

export function environmentNow(command: string): Environment {
  return {
    date: new Date().toISOString().slice(0, 10),
    command,
    cores: availableParallelism(),
    cpuModel: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 1_024 ** 3),
    node: process.version,
    kernel: release(),
    versions: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
    loadBefore: loadavg()[0] ?? 0,
  };
}

function versionOf(name: string): string {
  const text = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
