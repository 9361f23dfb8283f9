import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../../src/domain/errors.ts';
import { DEFAULT_PROBE_TIMES, type Probe, type ProbeAction } from '../../../src/domain/service-definition.ts';
import { checkProbe } from '../../../src/supervisor/services/check-probe.ts';

const TCP: ProbeAction = { kind: 'TCP', host: 'localhost', port: 5432 };

function problem(facts: Partial<Probe>, field: 'readiness' | 'liveness' = 'readiness'): string | undefined {
  try {
    checkProbe({ action: TCP, ...DEFAULT_PROBE_TIMES, ...facts }, field);
    return undefined;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    expect(error.message).not.toBe('');
    return error.field;
  }
}

describe('a probe that is saved', () => {
  it.each<[string | undefined, Partial<Probe>]>([
    [undefined, {}],
    [undefined, { action: { kind: 'HTTP', url: 'https://localhost:1/x', status: 204 } }],
    [undefined, { action: { kind: 'LOG', pattern: '(?i)ready', stream: null } }],
    [undefined, { action: { kind: 'DELAY', delayMs: 0 } }],
    [undefined, { action: { kind: 'EXEC', command: ['true'] } }],
    ['readiness.command', { action: { kind: 'EXEC', command: [] } }],
    ['readiness.command', { action: { kind: 'EXEC', command: ['a', '\0'] } }],
    ['readiness.url', { action: { kind: 'HTTP', url: 'file:///etc/passwd', status: null } }],
    ['readiness.url', { action: { kind: 'HTTP', url: 'localhost/health', status: null } }],
    ['readiness.status', { action: { kind: 'HTTP', url: 'http://localhost', status: 99 } }],
    ['readiness.host', { action: { kind: 'TCP', host: '', port: 1 } }],
    ['readiness.port', { action: { kind: 'TCP', host: 'localhost', port: 0 } }],
    ['readiness.port', { action: { kind: 'TCP', host: 'localhost', port: 65_536 } }],
    ['readiness.pattern', { action: { kind: 'LOG', pattern: '(', stream: null } }],
    ['readiness.pattern', { action: { kind: 'LOG', pattern: '(?=lookahead)', stream: null } }],
    ['readiness.pattern', { action: { kind: 'LOG', pattern: '((a{100}){10}){9}', stream: null } }],
    ['readiness.pattern', { action: { kind: 'LOG', pattern: '', stream: null } }],
    ['readiness.delayMs', { action: { kind: 'DELAY', delayMs: -1 } }],
    ['readiness.initialDelayMs', { initialDelayMs: -1 }],
    ['readiness.periodMs', { periodMs: 99 }],
    ['readiness.timeoutMs', { timeoutMs: 0 }],
    ['readiness.failureThreshold', { failureThreshold: 0 }],
    ['readiness.successThreshold', { successThreshold: 1.5 }],
  ])('is refused by its field %s', (field, facts) => {
    expect(problem(facts)).toBe(field);
  });

  it('is refused for liveness where it says yes once and for ever', () => {
    expect(problem({ action: { kind: 'DELAY', delayMs: 1 } }, 'liveness')).toBe('liveness');
    expect(problem({ action: { kind: 'LOG', pattern: 'x', stream: null } }, 'liveness')).toBe('liveness');
    expect(problem({}, 'liveness')).toBeUndefined();
  });
});
