// Prints the secrets TOKEN and PEM on both streams, cut in all the ways in which what a reader gets can be cut. Pauses for PAUSE_MS
// in the middle of each the first time, and then goes on by itself.
import { setTimeout as delay } from 'node:timers/promises';

const { TOKEN, PEM, PAUSE_MS } = process.env;
const streams = [process.stdout, process.stderr];
const print = async (text) => {
  for (const stream of streams) await new Promise((done) => stream.write(text, done));
};
const halves = (text) => [text.slice(0, text.length / 2), text.slice(text.length / 2)];

await print('begun\n');
for (const secret of [TOKEN, PEM]) {
  const [first, second] = halves(secret);
  await print(`in two halves: ${first}`);
  await delay(Number(PAUSE_MS));
  await print(`${second}\n`);
}
// Across the end of a piece of a long line, at each place that a half of it can have.
for (const before of [1, 8, TOKEN.length - 1]) await print(`${'x'.repeat(64 * 1024 - before)}${TOKEN}\n`);
await print(`${'y'.repeat(64 * 1024 - 9)}${PEM}\n`);
// Across the end of a batch of lines: 1,000 of them, and 256 KiB.
for (let line = 1; line < 1_000; line++) await print(`${line}\n`);
await print(`${PEM}\n`);
for (let line = 0; line < 40; line++) await print(`${'z'.repeat(8 * 1024)}${PEM}\n`);
const bytes = Buffer.from(TOKEN);
await print(`${bytes.toString('base64')} ${Buffer.from(`user:${TOKEN}`).toString('base64url')}\n`);
await print(`${encodeURIComponent(PEM)} ${JSON.stringify({ PEM })}\n`);
await print(`nested: ${TOKEN}${TOKEN.slice(0, 10)}${TOKEN} end\nover\n${TOKEN}`);
