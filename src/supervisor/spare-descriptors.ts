import { closeSync, constants, openSync } from 'node:fs';

/** A pipe or a pair of sockets for each stream, and fork takes a pipe; the rest is for other threads. */
const SPARE_DESCRIPTORS = 8;

/**
 * Where fork finds no descriptor for a pipe of its own, Node forgets our ends of the pipes, open, and nobody can close them.
 * So nothing is forked without a few to spare; nothing else may run between this and the fork.
 * @throws the error of open(2), such as EMFILE
 */
export function requireSpareDescriptors(): void {
  const spare: number[] = [];
  try {
    while (spare.length < SPARE_DESCRIPTORS) spare.push(openSync('/dev/null', constants.O_RDONLY));
  } finally {
    for (const descriptor of spare) closeSync(descriptor);
  }
}
