import type { FaultLog } from '../graphql/errors.ts';
import type { Services } from '../graphql/services.ts';
import { eventsDoor } from './events-door.ts';
import type { Route } from './exchange.ts';
import { graphqlDoor } from './graphql-door.ts';
import { healthDoor, readinessDoor } from './health-door.ts';
import { logDownloadDoor } from './log-download-door.ts';

/** All paths that this server answers at. They are whole paths: nothing answers by prefix or suffix. */
export function createRoutes(services: Services, log: FaultLog, isReady: () => boolean): readonly Route[] {
  return [
    { path: /^\/healthz$/, methods: ['GET', 'HEAD'], isPublic: true, door: healthDoor },
    {
      path: /^\/readyz$/,
      methods: ['GET', 'HEAD'],
      isPublic: false,
      door: readinessDoor(isReady),
    },
    {
      path: /^\/graphql$/,
      methods: ['POST'],
      isPublic: false,
      door: graphqlDoor(services, log),
    },
    {
      path: /^\/events$/,
      methods: ['GET'],
      isPublic: false,
      door: eventsDoor(services, log),
    },
    {
      path: /^\/jobs\/([^/]+)\/log$/,
      methods: ['GET', 'HEAD'],
      isPublic: false,
      door: logDownloadDoor(services),
    },
  ];
}
