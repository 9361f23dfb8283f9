import type { GivenServiceDefinition } from '../domain/service-definition.ts';
import type { DesiredState } from '../domain/service-state.ts';
import { crossFaults } from './cross-checks.ts';
import { LocatedDocument } from './located-document.ts';
import { faultsOf, located, type Fault } from './problems.ts';
import { serviceFileSchema, type ServiceEntry } from './schema.ts';
import { ServiceFileError } from './service-file-error.ts';
import { definitionOf, type Directories } from './to-definition.ts';

/** A service as a file wants it. */
export interface WantedService {
  readonly definition: GivenServiceDefinition;
  readonly desired: DesiredState;
}

/**
 * Reads a lifeline.yaml: the services by name, with all that they leave unsaid filled in. Lists without an order (variables,
 * labels, `after`) come sorted, so that equal files have equal definitions.
 * @param fileName how the file is called in messages
 * @throws ServiceFileError with everything that is wrong with it
 */
export function readServiceFile(
  text: string,
  fileName: string,
  directories: Directories,
): ReadonlyMap<string, WantedService> {
  const document = new LocatedDocument(text, fileName);
  const data = withoutExtensions(document.data);
  const faults = faultsIn(data);
  if (faults.length > 0) throw new ServiceFileError(fileName, located(faults, document));
  const { services } = data as { readonly services: Readonly<Record<string, ServiceEntry>> };
  return new Map(
    Object.entries(services).map(([name, entry]) => [
      name,
      {
        definition: definitionOf(entry, ['services', name], document, directories),
        desired: entry.desired === 'down' ? 'DOWN' : 'UP',
      },
    ]),
  );
}

function faultsIn(data: unknown): Fault[] {
  if (data === null || data === undefined)
    return [{ path: [], message: 'The file is empty. Begin it with services.' }];
  const { error } = serviceFileSchema.safeParse(data);
  return [...faultsOf(error?.issues ?? [], data, serviceFileSchema), ...crossFaults(data)];
}

/** Without the keys at the top that begin with `x-`: they hold what aliases stand for. */
function withoutExtensions(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => !key.startsWith('x-')));
}
