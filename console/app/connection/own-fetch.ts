/** The server takes the session cookie of a page only together with a header that no foreign page can send. */
const OWN_PAGE = { 'lifeline-request': 'console' };

/**
 * `fetch` as a page of the server: with the header that makes its session count. A session that has ended leads to the
 * login page, and from there back.
 */
export async function ownFetch(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, {
    ...init,
    headers: { ...(init.headers as Record<string, string> | undefined), ...OWN_PAGE },
  });
  if (response.status === 401) {
    location.assign(`/login?to=${encodeURIComponent(location.pathname + location.search)}`);
  }
  return response;
}

/** `ownFetch` whose body says of each piece that it came: what a watch of a connection needs. */
export function watchedFetch(onBytes: () => void): (url: string, init?: RequestInit) => Promise<Response> {
  return async (url, init) => {
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
}
