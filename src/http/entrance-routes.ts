import type { Entrance } from './entrance.ts';
import type { Route } from './exchange.ts';
import { loginDoor, loginPageDoor, logoutDoor } from './login-door.ts';
import { graphiqlDoor, pageDoor } from './page-door.ts';
import { staticDoor } from './static-door.ts';
import { ticketDoor, ticketIssueDoor } from './ticket-door.ts';

/**
 * The paths for browsers. Pages are public at the gate, because their doors answer visitors without a session by leading
 * them to the login page.
 */
export function entranceRoutes(entrance: Entrance): readonly Route[] {
  return [
    {
      name: '/',
      path: /^\/$/,
      methods: ['GET', 'HEAD'],
      isPublic: true,
      door: pageDoor(entrance, 'app/app'),
    },
    {
      // The same page: it shows what its URL names.
      name: '/jobs/N',
      path: /^\/(?:jobs\/\d+|services|server)$/,
      methods: ['GET', 'HEAD'],
      isPublic: true,
      door: pageDoor(entrance, 'app/app'),
    },
    { name: '/graphql', path: /^\/graphql$/, methods: ['GET'], isPublic: true, door: graphiqlDoor(entrance) },
    {
      name: '/static/assets/FILE',
      path: /^\/static\/assets\/([\w.-]+)$/,
      methods: ['GET', 'HEAD'],
      isPublic: true,
      door: staticDoor(entrance.files),
    },
    {
      name: '/login',
      path: /^\/login$/,
      methods: ['GET', 'HEAD'],
      isPublic: true,
      door: loginPageDoor(entrance),
    },
    { name: '/login', path: /^\/login$/, methods: ['POST'], isPublic: true, door: loginDoor(entrance) },
    {
      name: '/login/ticket',
      path: /^\/login\/ticket$/,
      methods: ['GET'],
      isPublic: true,
      door: ticketDoor(entrance),
    },
    {
      name: '/login/ticket',
      path: /^\/login\/ticket$/,
      methods: ['POST'],
      isPublic: false,
      door: ticketIssueDoor(entrance),
    },
    { name: '/logout', path: /^\/logout$/, methods: ['POST'], isPublic: false, door: logoutDoor(entrance) },
  ];
}
