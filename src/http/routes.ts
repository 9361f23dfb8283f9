import type { FaultLog } from '../graphql/errors.ts';
import { createOperationPerformer } from '../graphql/perform-operation.ts';
import type { Services } from '../graphql/services.ts';
import { createGraphQLHandler } from '../graphql/yoga.ts';
import type { Entrance } from './entrance.ts';
import { entranceRoutes } from './entrance-routes.ts';
import { eventsDoor } from './events-door.ts';
import type { Route } from './exchange.ts';
import { graphqlDoor } from './graphql-door.ts';
import { graphqlStreamDoor, STREAM_TOKEN_PARAMETER } from './graphql-stream-door.ts';
import { healthDoor, readinessDoor } from './health-door.ts';
import { logDownloadDoor } from './log-download-door.ts';
import type { StreamReservations } from './stream-reservations.ts';

/** What the routes need. */
export interface RouteParts {
  readonly services: Services;
  readonly log: FaultLog;
  readonly isReady: () => boolean;
  readonly reservations: StreamReservations;
  readonly entrance: Entrance;
}

/** All paths that this server answers at. They are whole paths: nothing answers by prefix or suffix. */
export function createRoutes({
  services,
  log,
  isReady,
  reservations,
  entrance,
}: RouteParts): readonly Route[] {
  const yoga = createGraphQLHandler(log);
  const graphql = graphqlDoor(services, yoga, log);
  const perform = createOperationPerformer(yoga, log);
  return [
    { name: '/healthz', path: /^\/healthz$/, methods: ['GET', 'HEAD'], isPublic: true, door: healthDoor },
    {
      name: '/readyz',
      path: /^\/readyz$/,
      methods: ['GET', 'HEAD'],
      isPublic: false,
      door: readinessDoor(isReady, () => !services.disk.state.isLow),
    },
    {
      name: '/graphql',
      path: /^\/graphql$/,
      methods: ['POST'],
      isPublic: false,
      door: graphql,
    },
    {
      name: '/graphql/stream',
      path: /^\/graphql\/stream$/,
      methods: ['GET', 'POST', 'PUT', 'DELETE'],
      isPublic: false,
      ownParameters: [STREAM_TOKEN_PARAMETER],
      door: graphqlStreamDoor({ services, reservations, perform, distinct: graphql }),
    },
    {
      name: '/events',
      path: /^\/events$/,
      methods: ['GET'],
      isPublic: false,
      door: eventsDoor(services, log),
    },
    {
      name: '/jobs/N/log',
      path: /^\/jobs\/([^/]+)\/log$/,
      methods: ['GET', 'HEAD'],
      isPublic: false,
      door: logDownloadDoor(services),
    },
    ...entranceRoutes(entrance),
  ];
}
