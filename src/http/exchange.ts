import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from './credential-check.ts';
import type { OpenStreams } from './open-streams.ts';

/** One request that has passed the gate, its response, and who asks. */
export interface Exchange extends Caller {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
  /** What the route's path captured: for `/jobs/(\d+)/log` the id. */
  readonly pathValue: string | undefined;
  /** Aborts as soon as the client has gone, and after a normal end. */
  readonly signal: AbortSignal;
  /** Where an endless response enrols, so that the server can end it. */
  readonly streams: OpenStreams;
}

/** Goes on with a response, to its end. */
export type GoOn = () => Promise<void>;

/** What a door has left to do of a response that may last for days: so that nothing of its exchange is held meanwhile. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most doors have nothing left, and return nothing
export type LeftToDo = GoOn | void;

/** Answers the requests of one route. What it throws is answered or logged by the server. */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- the same
export type Door = (exchange: Exchange) => void | Promise<LeftToDo>;

/** One entry of the route table. */
export interface Route {
  /** The path, for people: `/jobs/N/log`. */
  readonly name: string;
  /** The whole path; its first group is the path value. */
  readonly path: RegExp;
  readonly methods: readonly string[];
  /** Whether it answers without a credential. */
  readonly isPublic: boolean;
  /** Query parameters that are named like a credential and are something else here. Default: none. */
  readonly ownParameters?: readonly string[];
  readonly door: Door;
}
