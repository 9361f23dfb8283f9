import type { RestoredServices } from '../storage/open-services.ts';
import type { Rebuild } from './reconciliation.ts';

/** What is in the database alone, so that nothing can bring it back but a backup. */
const IN_THE_DATABASE_ALONE = [
  'The tokens beside the server’s own are gone: make them anew with lifeline token create.',
  'Browsers that had logged in have to do so again.',
  'The audit trail is gone, and begins anew.',
  'The steps of the lives of services, and the list of runs that were due by schedules, are gone; schedules go on from now.',
  'Runs of services that had failed and waited to be tried again are not.',
];

/** What is to be said of a database that was made anew from the directories. */
export function rebuildOf({ restored, ignored }: RestoredServices): Rebuild {
  return { services: restored.length, notRestored: [...IN_THE_DATABASE_ALONE, ...ignored] };
}
