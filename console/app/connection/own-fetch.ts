import { OWN_PAGE } from './own-page.ts';

/**
 * `fetch` as a page of the server: with the header that makes its session count. A session that has ended leads to the
 * login page, and from there back.
 */
export async function ownFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, {
    ...init,
    headers: { ...(init.headers as Record<string, string> | undefined), ...OWN_PAGE },
  });
  if (response.status === 401) goToLogin();
  return response;
}

/** Leads to the login page, and from there back to this place in this page. */
export function goToLogin(): void {
  const { pathname, search, hash } = location;
  location.assign(`/login?to=${encodeURIComponent(pathname + search + hash)}`);
}

/** A `fetch` whose bodies say of each piece that it came: what a watch of a connection needs. */
export type WatchedFetch = (onBytes: () => void) => (url: string, init?: RequestInit) => Promise<Response>;

/** `ownFetch` with a connection of its own for each answer. */
export const watchedFetch: WatchedFetch = (onBytes) => async (url, init) => {
  const response = await ownFetch(url, init);
  if (response.body === null) return response;
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      onBytes();
      controller.enqueue(chunk);
    },
  });
  onBytes();
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(watch), { status, statusText, headers });
};
