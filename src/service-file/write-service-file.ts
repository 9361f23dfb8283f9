import { Document, isScalar, visit } from 'yaml';
import type { WantedService } from './read-service-file.ts';
import type { ServiceEntry } from './schema.ts';
import { entryOf } from './to-entry.ts';

/** A lifeline.yaml for services: what `readServiceFile` reads back as the same. */
export function writeServiceFile(services: ReadonlyMap<string, WantedService>): string {
  return writeEntries(
    Object.fromEntries(Array.from(services, ([name, service]) => [name, entryOf(service)] as const)),
  );
}

/** The same for entries as they stand. */
export function writeEntries(services: Readonly<Record<string, ServiceEntry>>): string {
  const document = new Document({ services }, { version: '1.2', aliasDuplicateObjects: false });
  visit(document, {
    Seq: (_key, list) => {
      list.flow = list.items.every((item) => isScalar(item) && !String(item.value).includes('\n'));
    },
  });
  return document.toString({ lineWidth: 110, flowCollectionPadding: false });
}
