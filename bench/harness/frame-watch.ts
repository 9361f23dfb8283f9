import type { CDPSession, Page } from 'playwright-core';

interface Frames {
  readonly count: number;
  readonly longestMs: number;
  readonly longOnes: number;
}

/** As text: what builds this file would put calls of its own helpers into a function. */
const WATCH_FRAMES = `{
  const gapsMs = (globalThis.frameGapsMs = []);
  let lastAtMs = performance.now();
  const onFrame = () => {
    const nowMs = performance.now();
    gapsMs.push(nowMs - lastAtMs);
    lastAtMs = nowMs;
    requestAnimationFrame(onFrame);
  };
  requestAnimationFrame(onFrame);
}`;

/** Guard of a look at a page's frames, from one callback for the next frame to the next, and at its heap. */
export class FrameWatch implements AsyncDisposable {
  readonly #page: Page;
  readonly #session: CDPSession;

  private constructor(page: Page, session: CDPSession) {
    this.#page = page;
    this.#session = session;
  }

  static async attach(page: Page): Promise<FrameWatch> {
    const session = await page.context().newCDPSession(page);
    await page.evaluate(WATCH_FRAMES);
    return new FrameWatch(page, session);
  }

  /** All frames since `attach`; long ones took more than `longMs`. */
  async read(longMs: number): Promise<Frames> {
    const gapsMs = await this.#page.evaluate(
      () => (globalThis as unknown as { frameGapsMs: number[] }).frameGapsMs,
    );
    return {
      count: gapsMs.length,
      longestMs: gapsMs.reduce((longest, gap) => Math.max(longest, gap), 0),
      longOnes: gapsMs.filter((gap) => gap > longMs).length,
    };
  }

  /** What is in use once garbage is collected. */
  async heapMiB(): Promise<number> {
    await this.#session.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.#session.send('Runtime.getHeapUsage');
    return usedSize / 2 ** 20;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.detach();
  }
}
