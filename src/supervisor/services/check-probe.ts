import { InvalidInputError } from '../../domain/errors.ts';
import type { Probe, ProbeAction } from '../../domain/service-definition.ts';
import { checkedDuration } from '../job-request.ts';
import { LogPattern } from './log-pattern.ts';

/** More often would cost more than it tells. */
const LEAST_PERIOD_MS = 100;
const MAX_THRESHOLD = 1_000;
const MAX_TEXT_LENGTH = 8_000;

/**
 * What is known to be wrong with a probe is refused when it is saved.
 * @param field what it is for, and where it stands in the request
 * @throws InvalidInputError
 */
export function checkProbe(probe: Probe, field: 'readiness' | 'liveness'): void {
  const { action, initialDelayMs, periodMs, timeoutMs, failureThreshold, successThreshold } = probe;
  if (field === 'liveness' && (action.kind === 'LOG' || action.kind === 'DELAY')) {
    throw new InvalidInputError(
      `${action.kind} cannot tell whether a service is alive, for it says yes once and for ever: use EXEC, HTTP or TCP.`,
      field,
    );
  }
  checkAction(action, field);
  checkedDuration(initialDelayMs, `${field}.initialDelayMs`, 0);
  checkedDuration(periodMs, `${field}.periodMs`, LEAST_PERIOD_MS);
  checkedDuration(timeoutMs, `${field}.timeoutMs`, 1);
  checkWhole(failureThreshold, `${field}.failureThreshold`, MAX_THRESHOLD);
  checkWhole(successThreshold, `${field}.successThreshold`, MAX_THRESHOLD);
}

function checkAction(action: ProbeAction, field: string): void {
  switch (action.kind) {
    case 'EXEC':
      checkCommand(action.command, `${field}.command`);
      return;
    case 'HTTP':
      checkUrl(action.url, `${field}.url`);
      if (action.status !== null && !isWhole(action.status, 100, 599))
        throw new InvalidInputError('A status is a whole number from 100 to 599.', `${field}.status`);
      return;
    case 'TCP':
      if (!isText(action.host)) throw new InvalidInputError('The host is empty.', `${field}.host`);
      checkWhole(action.port, `${field}.port`, 65_535);
      return;
    case 'LOG':
      new LogPattern(action.pattern, `${field}.pattern`);
      return;
    case 'DELAY':
      checkedDuration(action.delayMs, `${field}.delayMs`, 0);
  }
}

function checkCommand(command: readonly string[], field: string): void {
  if (command.length === 0 || command[0] === '')
    throw new InvalidInputError('The command of a probe needs at least the name of a program.', field);
  if (command.some((word) => word.includes('\0')))
    throw new InvalidInputError('The command of a probe has a NUL character.', field);
  if (command.join(' ').length > MAX_TEXT_LENGTH)
    throw new InvalidInputError(
      `The command of a probe is longer than ${String(MAX_TEXT_LENGTH)} characters.`,
      field,
    );
}

function checkUrl(text: string, field: string): void {
  const url = URL.canParse(text) && isText(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new InvalidInputError(
      `The URL ${JSON.stringify(text.slice(0, 200))} is none of http or https: begin it with http:// or https://.`,
      field,
    );
  }
}

function isText(text: string): boolean {
  return text !== '' && text.length <= MAX_TEXT_LENGTH && !text.includes('\0');
}

function isWhole(number: number, least: number, most: number): boolean {
  return Number.isSafeInteger(number) && number >= least && number <= most;
}

function checkWhole(number: number, field: string, most: number): void {
  if (!isWhole(number, 1, most))
    throw new InvalidInputError(`${field} must be a whole number from 1 to ${String(most)}.`, field);
}
