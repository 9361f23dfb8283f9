import type { Fault } from './fault.ts';
import { LOG_FAULTS } from './logs.ts';
import { PROCESS_FAULTS } from './processes.ts';
import { READER_FAULTS } from './readers.ts';
import { SECURITY_FAULTS } from './security.ts';
import { STORAGE_FAULTS } from './storage.ts';

export const FAULT_COUNT = 128;

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  ...LOG_FAULTS,
  ...READER_FAULTS,
  ...STORAGE_FAULTS,
  ...SECURITY_FAULTS,
];
