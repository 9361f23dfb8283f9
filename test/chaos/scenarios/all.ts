import type { Scenario } from '../scenario.ts';
import { deaths } from './death.ts';
import { logFaults } from './logs.ts';
import { machineFaults } from './machine.ts';
import { processFaults } from './processes.ts';

export const SCENARIOS: readonly Scenario[] = [...deaths, ...processFaults, ...logFaults, ...machineFaults];
