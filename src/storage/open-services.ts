import type { DataDirectory } from './data-directory.ts';
import type { Database, ReadClient } from './database.ts';
import type { Prisma } from './generated/client.ts';
import { ServiceFiles, type ServiceOnFile } from './service-files.ts';
import { lifeColumns, lifeOf, ServiceStore, versionColumns, versionOf } from './service-store.ts';
import type { WriteGate } from './write-gate.ts';

/** What a start has made of the files of services. */
export interface RestoredServices {
  /** Names of those whose rows were missing and were made from their files. */
  readonly restored: readonly string[];
  /** Why files were left as they are, a sentence each. */
  readonly ignored: readonly string[];
}

/**
 * Opens the services: rows that are missing or late are brought to where their files are, and files that are missing or
 * late, such as those of a former version, which wrote none, to where the rows are. Before the jobs are looked at, which
 * refer to services.
 */
export async function openServices(
  directory: DataDirectory,
  { read, gate }: Pick<Database, 'read' | 'gate'>,
): Promise<{ readonly store: ServiceStore; readonly restored: RestoredServices }> {
  const { _max } = await read.service.aggregate({ _max: { id: true } });
  const files = new ServiceFiles(
    { services: directory.servicesPath, highestId: directory.highestServiceIdPath },
    _max.id ?? 0,
  );
  const restored = await compare(files, read, gate);
  return { store: new ServiceStore(read, gate, files), restored };
}

async function compare(files: ServiceFiles, read: ReadClient, gate: WriteGate): Promise<RestoredServices> {
  const { services, deleted, unreadable } = files.list();
  for (const id of deleted) {
    await gate.transaction((tx) => tx.service.deleteMany({ where: { id } }));
    files.remove(id);
  }
  const restored: string[] = [];
  const ignored: string[] = [];
  for (const onFile of services) {
    const became = await gate.transaction((tx) => bringForward(tx, onFile));
    if (became === 'RESTORED') restored.push(onFile.name);
    if (became === 'NAME_TAKEN')
      ignored.push(
        `The files of service ${String(onFile.id)} were left as they are: another service has its name, ${onFile.name}.`,
      );
  }
  const rows = await rowsWithVersions(read);
  const known = new Map(services.map((service) => [service.id, service]));
  for (const row of rows) if (isBehind(known.get(row.id), row)) files.write(row);
  const inRows = new Set(rows.map(({ id }) => id));
  for (const id of unreadable.filter((each) => !inRows.has(each)))
    ignored.push(`The files of service ${String(id)} were left as they are: they cannot be read.`);
  return { restored, ignored };
}

/** Brings a row to where the files are, in one step. */
async function bringForward(
  tx: Prisma.TransactionClient,
  { id, name, createdAtMs, sinceMs, steps, life, versions }: ServiceOnFile,
): Promise<'RESTORED' | 'NAME_TAKEN' | 'KNOWN'> {
  const row = await tx.service.findUnique({ where: { id } });
  const version = versions.length;
  const columns = { ...lifeColumns(life), steps, since: new Date(sinceMs) };
  if (row !== null) {
    const later = versions.filter(({ number }) => number > row.version);
    for (const each of later)
      await tx.serviceVersion.create({ data: { serviceId: id, ...versionColumns(each) } });
    if (later.length > 0) await tx.service.update({ where: { id }, data: { version } });
    if (steps > row.steps) await tx.service.update({ where: { id }, data: columns });
    return 'KNOWN';
  }
  if ((await tx.service.count({ where: { name } })) > 0) return 'NAME_TAKEN';
  const data = { id, name, version, createdAt: new Date(createdAtMs), ...columns };
  await tx.service.create({ data: { ...data, versions: { create: versions.map(versionColumns) } } });
  return 'RESTORED';
}

async function rowsWithVersions(read: ReadClient): Promise<ServiceOnFile[]> {
  const rows = await read.service.findMany({ include: { versions: { orderBy: { number: 'asc' } } } });
  return rows.flatMap(({ versions: found, ...row }) => {
    const [first, ...more] = found.map(versionOf);
    return first === undefined ? [] : [{ ...lifeOf(row), versions: [first, ...more] }];
  });
}

function isBehind(onFile: ServiceOnFile | undefined, row: ServiceOnFile): boolean {
  return onFile === undefined || onFile.steps < row.steps || onFile.versions.length < row.versions.length;
}
