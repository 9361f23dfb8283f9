import type { Probe } from '../../domain/service-definition.ts';

/**
 * What the tries of a probe come to. States: no ⇄ yes. So many successes in a row make it yes, so many failures in a row
 * make it no; a try that goes the other way begins the count anew.
 */
export class ProbeTally {
  readonly #thresholds: Pick<Probe, 'failureThreshold' | 'successThreshold'>;
  #isYes: boolean;
  #against = 0;

  constructor(thresholds: Pick<Probe, 'failureThreshold' | 'successThreshold'>, isYes: boolean) {
    this.#thresholds = thresholds;
    this.#isYes = isYes;
  }

  get isYes(): boolean {
    return this.#isYes;
  }

  /** @returns whether it has turned with this try */
  add(isOk: boolean): boolean {
    if (isOk === this.#isYes) {
      this.#against = 0;
      return false;
    }
    this.#against += 1;
    const { failureThreshold, successThreshold } = this.#thresholds;
    if (this.#against < (this.#isYes ? failureThreshold : successThreshold)) return false;
    this.#isYes = isOk;
    this.#against = 0;
    return true;
  }
}
