/**
 * Reads streams of lines as raw bytes, in a process of its own, and checks every line. Told what to do by messages of its
 * parent; ends when all streams have ended, or with its parent.
 */
import { Connection } from './connection.ts';
import { LineCheck } from './line-check.ts';
import type { ReaderCommand, ReaderMessage, ReadOrder } from './read-order.ts';
import { Tally } from './tally.ts';
import { VerifiedEvents } from './verified-events.ts';

const READ_BYTES = 256 * 1024;
/** A server takes only so many connections at once. */
const CONNECTING_AT_ONCE = 100;

const connections: Connection[] = [];

process.on('message', (command: ReaderCommand) => {
  if (command.kind === 'read') void readAll(command.order);
  else for (const connection of connections) connection.resume();
});
process.on('disconnect', () => process.exit());

async function readAll(order: ReadOrder): Promise<void> {
  const tally = new Tally();
  const buffer = Buffer.alloc(READ_BYTES);
  const groups = order.groups.map(({ request, readers }) => {
    const verified = new VerifiedEvents(new LineCheck(order), readers > 1);
    return Array.from({ length: readers }, () => ({ request, verified }));
  });
  const waiting = groups.flat();
  const connectInTurn = async (): Promise<void> => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const connection = new Connection(order, next.verified, tally);
      connections.push(connection);
      connection.start(next.request, buffer);
      await connection.attached;
    }
  };
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, connectInTurn));
  say({ kind: 'attached' });
  await Promise.all(connections.map(({ over }) => over));
  const sample = groups.map(([first]) => first?.verified.sample ?? '').find((text) => text !== '') ?? '';
  say({ kind: 'done', ...tally.report(sample) });
}

function say(message: ReaderMessage): void {
  process.send?.(message);
}
