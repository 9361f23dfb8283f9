import type { GraphqlAnswer, LifelineServer } from './lifeline-server.ts';
import { untilTrue } from './until-true.ts';

/** A service as the tests look at it. */
export interface ServiceView {
  readonly name: string;
  readonly version: number;
  readonly desired: string;
  readonly state: string;
  readonly why: string | null;
  readonly failures: number;
  readonly retryAt: string | null;
  readonly currentJob: { readonly id: string; readonly status: string; readonly pid: number | null } | null;
}

const VIEW = 'name version desired state why failures retryAt currentJob { id status pid }';

export async function saveService(
  server: LifelineServer,
  input: Record<string, unknown>,
): Promise<ServiceView> {
  const save = `mutation ($input: SaveServiceInput!) { saveService(input: $input) { ${VIEW} } }`;
  return (await server.ask<{ saveService: ServiceView }>(save, { input })).saveService;
}

export async function trySaveService(
  server: LifelineServer,
  input: Record<string, unknown>,
): Promise<GraphqlAnswer<unknown>> {
  return server.graphql('mutation ($input: SaveServiceInput!) { saveService(input: $input) { name } }', {
    input,
  });
}

/** Starts, stops or restarts it, and waits until it is so. @throws Error where it does not come to that */
export async function orderService(
  server: LifelineServer,
  order: 'startService' | 'stopService' | 'restartService',
  name: string,
): Promise<ServiceView> {
  const query = `mutation ($name: String!) { ${order}(name: $name) { ${VIEW} } }`;
  return (await server.ask<Record<typeof order, ServiceView>>(query, { name }))[order];
}

export async function tryOrderService(
  server: LifelineServer,
  order: 'startService' | 'stopService' | 'restartService',
  name: string,
  waitMs = 30_000,
): Promise<GraphqlAnswer<unknown>> {
  const query = `mutation ($name: String!, $waitMs: Int) { ${order}(name: $name, waitMs: $waitMs) { name } }`;
  return server.graphql(query, { name, waitMs });
}

export async function findService(server: LifelineServer, name: string): Promise<ServiceView> {
  const query = `query ($name: String!) { service(name: $name) { ${VIEW} } }`;
  const { service } = await server.ask<{ service: ServiceView | null }>(query, { name });
  if (service === null) throw new Error(`there is no service ${name}`);
  return service;
}

export async function untilState(server: LifelineServer, name: string, state: string): Promise<ServiceView> {
  return untilTrue(
    async () => {
      const service = await findService(server, name);
      return service.state === state && service;
    },
    { what: `${name} to be ${state}` },
  );
}

/** When a service came into a state for the last time, in milliseconds since the Unix epoch. @throws Error if it never did */
export async function cameToBe(server: LifelineServer, name: string, state: string): Promise<number> {
  const query = 'query ($name: String!) { service(name: $name) { transitions { to at } } }';
  const { service } = await server.ask<{ service: { transitions: { to: string; at: string }[] } }>(query, {
    name,
  });
  const times = service.transitions.flatMap(({ to, at }) => (to === state ? [Date.parse(at)] : []));
  if (times.length === 0) throw new Error(`${name} has never been ${state}`);
  return Math.max(...times);
}

/** Stops all of them, in reverse, and waits for it. */
export async function stopAll(server: LifelineServer): Promise<void> {
  await server.ask('mutation { stopServices(where: {}) { name } }');
}
