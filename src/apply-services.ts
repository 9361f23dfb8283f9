import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError } from './config.ts';
import { LifelineError } from './domain/errors.ts';
import { planOf } from './service-file/plan.ts';
import { readServiceFile, type WantedService } from './service-file/read-service-file.ts';
import { ServiceFileError } from './service-file/service-file-error.ts';
import type { ServiceSupervisor } from './supervisor/services/service-supervisor.ts';

/** What of the services is needed. */
type ServicePort = Pick<ServiceSupervisor, 'services' | 'sealed' | 'save' | 'start' | 'stop' | 'restart'>;

/**
 * The services of `--services`, read before anything is acquired.
 * @param path absolute
 * @throws ConfigError with everything that is wrong with the file
 */
export function readServices(path: string): ReadonlyMap<string, WantedService> {
  const directory = dirname(path);
  try {
    return readServiceFile(readFileSync(path, 'utf8'), path, { base: directory, defaultCwd: directory });
  } catch (error) {
    if (error instanceof ServiceFileError) {
      throw new ConfigError(`the file of --services cannot be taken as it is:\n${error.message}`);
    }
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new ConfigError(`The file of --services cannot be read (${code}): ${path}`);
  }
}

/**
 * Makes the services as a file wants them, as `lifeline apply --yes` does: saved, stopped, restarted, started. What is not in
 * it stays. Nothing is waited for, and nothing is done where nothing is different.
 * @returns how many steps that took
 * @throws ConfigError where a definition is refused
 */
export async function applyServices(
  services: ServicePort,
  wanted: ReadonlyMap<string, WantedService>,
): Promise<number> {
  const current = new Map(
    Array.from(services.services, ([name, { definition, life }]) => [
      name,
      { definition, desired: life.desired, state: life.state },
    ]),
  );
  const sealed = new Map(
    Array.from(wanted, ([name, service]) => [name, sealedService(services, name, service)]),
  );
  const { steps } = planOf(current, sealed, { prune: false, start: true, restart: true });
  const order = { by: '--services', waitMs: 0, signal: new AbortController().signal };
  for (const { kind, name } of steps) {
    if (kind === 'START') await services.start([name], order);
    else if (kind === 'STOP') await services.stop([name], order);
    else if (kind === 'RESTART') await services.restart([name], order);
    else await save(services, name, sealed.get(name));
  }
  return steps.length;
}

/** With its secrets as they are kept, so that equal ones are known as such. */
function sealedService(services: ServicePort, name: string, wanted: WantedService): WantedService {
  try {
    return { ...wanted, definition: services.sealed(name, wanted.definition) };
  } catch (error) {
    throw refusalOf(name, error);
  }
}

async function save(services: ServicePort, name: string, wanted: WantedService | undefined): Promise<void> {
  if (wanted === undefined) return;
  try {
    await services.save(name, wanted.definition, '--services');
  } catch (error) {
    throw refusalOf(name, error);
  }
}

function refusalOf(name: string, error: unknown): unknown {
  return error instanceof LifelineError
    ? new ConfigError(`${name} of --services is refused: ${error.message}`)
    : error;
}
