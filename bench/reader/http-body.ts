/** Takes a part of a body; it may keep nothing of the bytes. */
export type TakeBytes = (bytes: Buffer, start: number, end: number) => void;

const LF = 0x0a;
const CR = 0x0d;

/**
 * The answer to one HTTP/1.1 request, from its raw bytes: head → body, chunked or up to the end of the connection → ended.
 * @throws Error for an answer that is not 200
 */
export class HttpBody {
  readonly #onHead: () => void;
  readonly #take: TakeBytes;
  #head: string | undefined = '';
  #isChunked = false;
  /** Bytes of the chunk that are still to come, its line end included. */
  #chunkRest = 0;
  #sizeLine = '';
  #ended = false;

  constructor(onHead: () => void, take: TakeBytes) {
    this.#onHead = onHead;
    this.#take = take;
  }

  /** The last chunk has come. */
  get ended(): boolean {
    return this.#ended;
  }

  push(bytes: Buffer, length: number): void {
    const start = this.#head === undefined ? 0 : this.#readHead(bytes, length);
    if (this.#head !== undefined) return;
    if (this.#isChunked) this.#readChunks(bytes, start, length);
    else if (start < length) this.#take(bytes, start, length);
  }

  /** @returns where the body begins in `bytes` */
  #readHead(bytes: Buffer, length: number): number {
    const before = this.#head ?? '';
    const head = before + bytes.toString('latin1', 0, length);
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) {
      this.#head = head;
      return length;
    }
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(`refused: ${head.slice(0, 400)}`);
    this.#isChunked = /\r\ntransfer-encoding: *chunked/i.test(head.slice(0, end + 2));
    this.#head = undefined;
    this.#onHead();
    return end + 4 - before.length;
  }

  #readChunks(bytes: Buffer, start: number, length: number): void {
    let at = start;
    while (at < length && !this.#ended) {
      if (this.#chunkRest > 2) {
        const end = Math.min(length, at + this.#chunkRest - 2);
        this.#take(bytes, at, end);
        this.#chunkRest -= end - at;
        at = end;
      } else if (this.#chunkRest > 0) {
        this.#chunkRest--;
        at++;
      } else at = this.#readSize(bytes, at, length);
    }
  }

  #readSize(bytes: Buffer, start: number, length: number): number {
    for (let at = start; at < length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === LF) {
        const size = Number.parseInt(this.#sizeLine, 16);
        if (Number.isNaN(size)) throw new Error(`not the size of a chunk: ${this.#sizeLine}`);
        this.#sizeLine = '';
        this.#ended = size === 0;
        this.#chunkRest = size + 2;
        return at + 1;
      }
      if (byte !== CR) this.#sizeLine += String.fromCharCode(byte);
    }
    return length;
  }
}
