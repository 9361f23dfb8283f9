import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { ServerControl } from '../end-to-end/harness/server-control.ts';
import { quietResources } from './after-round.ts';

/** After so many rounds a new server and data directory, so that a run has seen young ones and old ones. */
const ROUNDS_EACH = 30;

export interface ServerInUse {
  readonly server: LifelineServer;
  readonly control: ServerControl;
  readonly quiet: Readonly<Record<string, number>>;
  rounds: number;
}

/** Guard of the one server at a time that rounds share, until one needs other arguments or has failed. */
export class SharedServer implements AsyncDisposable {
  #inUse: (ServerInUse & { readonly args: string }) | undefined;

  async use(serverArgs: readonly string[] = []): Promise<ServerInUse> {
    const args = JSON.stringify(serverArgs);
    if (this.#inUse !== undefined && (this.#inUse.args !== args || this.#inUse.rounds >= ROUNDS_EACH))
      await this[Symbol.asyncDispose]();
    if (this.#inUse === undefined) {
      const control = new ServerControl();
      const server = await LifelineServer.start({ ...control.options, args: serverArgs });
      this.#inUse = { server, control, quiet: await quietResources(server, control), rounds: 0, args };
    }
    this.#inUse.rounds += 1;
    return this.#inUse;
  }

  /** The next round gets a new one: this one has failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const former = this.#inUse;
    this.#inUse = undefined;
    if (former === undefined) return;
    await former.server[Symbol.asyncDispose]();
    former.control[Symbol.dispose]();
  }
}
