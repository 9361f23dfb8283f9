import type { DiskState } from '../../supervisor/disk-guard.ts';
import { builder } from '../builder.ts';

export const DiskRef = builder.objectRef<DiskState>('Disk').implement({
  authScopes: { read: true },
  description: 'The file system of the data directory, as it was at most two seconds ago.',
  fields: (t) => ({
    totalBytes: t.expose('totalBytes', { type: 'SafeInt', description: 'Its size.' }),
    freeBytes: t.expose('freeBytes', {
      type: 'SafeInt',
      description: 'What an ordinary user may still write.',
    }),
    freeFiles: t.expose('freeFiles', {
      type: 'SafeInt',
      nullable: true,
      description: 'Files that may still be made; null where there is no such bound.',
    }),
    minFreeBytes: t.expose('minFreeBytes', {
      type: 'SafeInt',
      description: 'While less is free, no job begins; 0: no such bound.',
    }),
    isLow: t.exposeBoolean('isLow', {
      description:
        'Whether that is so: new jobs are refused with DISK_LOW, waiting ones and services wait, what runs goes on.',
    }),
  }),
});
