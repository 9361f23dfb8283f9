/** Readers of pm2's bus in a process of their own, with the same check and the same messages as the readers of HTTP. */
import { sharedNowMs } from '../harness/shared-clock.ts';
import { LineCheck } from '../reader/line-check.ts';
import type { ReaderCommand, ReaderMessage, ReadOrder } from '../reader/read-order.ts';
import { Tally } from '../reader/tally.ts';
import { loadPm2, settled, type Pm2Bus, type Pm2Place } from './pm2-api.ts';

/** What stands in the place of an HTTP request. */
export interface Pm2Order {
  readonly place: Pm2Place;
  readonly jobName: string;
}

process.on('message', (command: ReaderCommand) => {
  if (command.kind === 'read') void readAll(command.order);
});
process.on('disconnect', () => process.exit());

async function readAll(order: ReadOrder): Promise<void> {
  const [group] = order.groups;
  if (group === undefined) throw new Error('an order without a group');
  const { place, jobName } = JSON.parse(group.request) as Pm2Order;
  const pm2 = loadPm2(place);
  await settled((done) => {
    pm2.connect(false, done);
  });
  const tally = new Tally();
  const check = new LineCheck(order);
  const readers: Promise<void>[] = [];
  for (let reader = 0; reader < group.readers; reader++) {
    const bus = await new Promise<Pm2Bus>((resolve, reject) => {
      pm2.launchBus((error, launched) => {
        if (error === null) resolve(launched);
        else reject(error);
      });
    });
    readers.push(readOne(bus, jobName, order.lastSeq, check, tally));
  }
  say({ kind: 'attached' });
  await Promise.all(readers);
  say({ kind: 'done', ...tally.report('') });
}

/** Resolves with the last line, or with the first that is wrong. */
function readOne(
  bus: Pm2Bus,
  jobName: string,
  lastSeq: number,
  check: LineCheck,
  tally: Tally,
): Promise<void> {
  let rest = '';
  let nextSeq = 1;
  return new Promise((resolve) => {
    bus.on('log:out', ({ data, process: { name } }) => {
      if (name !== jobName || nextSeq > lastSeq) return;
      const text = rest + data;
      const end = text.lastIndexOf('\n') + 1;
      rest = text.slice(end);
      if (end === 0) return;
      try {
        const checked = check.check(text.slice(0, end), nextSeq);
        nextSeq += checked.lines;
        tally.add(checked, sharedNowMs());
        if (nextSeq > lastSeq) resolve();
      } catch (error) {
        tally.fault(`after line ${nextSeq - 1}: ${(error as Error).message}`);
        resolve();
      }
    });
  });
}

function say(message: ReaderMessage): void {
  process.send?.(message);
}
