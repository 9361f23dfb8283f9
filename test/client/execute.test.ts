import { describe, expect, it, vi } from 'vitest';
import {
  createLifelineClient,
  FindJobDocument,
  LifelineConnectionError,
  LifelineRequestError,
} from '../../src/client/client.ts';
import { answerJson, done, UnreliableServer, type Behaviour } from './unreliable-server.ts';

function job() {
  const event = done(0);
  return event.__typename === 'LogDone' ? event.job : undefined;
}

async function findJob(behaviour: Behaviour, signal?: AbortSignal) {
  await using server = await UnreliableServer.listen(behaviour);
  return await createLifelineClient({ url: server.url, token: 'secret' }).execute(
    FindJobDocument,
    { jobId: '1' },
    { signal },
  );
}

describe('execute', () => {
  it('sends the document with its variables and the credential in a header, and gives the data', async () => {
    let seen: Record<string, unknown> = {};
    const result = await findJob(({ request, response, variables }) => {
      seen = { url: request.url, authorization: request.headers.authorization, variables };
      answerJson(response, 200, { data: { job: job() } });
    });
    expect(result.job?.status).toBe('SUCCEEDED');
    expect(seen).toEqual({ url: '/graphql', authorization: 'Bearer secret', variables: { jobId: '1' } });
  });

  it.each([200, 400, 401, 500])('throws the coded error of an answer with HTTP %d', async (status) => {
    const refused = findJob(({ response }) =>
      answerJson(response, status, {
        errors: [{ message: 'Say which.', extensions: { code: 'INVALID_INPUT' } }],
      }),
    );
    await expect(refused).rejects.toBeInstanceOf(LifelineRequestError);
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT', message: 'Say which.' });
  });

  it.each<[string, Behaviour, number | undefined]>([
    ['no answer', ({ request }) => void request.socket.destroy(), undefined],
    ['a page of a proxy', ({ response }) => void response.writeHead(502).end('<p>Bad gateway</p>'), 502],
    ['neither data nor a code', ({ response }) => answerJson(response, 200, { data: null }), 200],
    ['JSON that is no object', ({ response }) => answerJson(response, 200, null), 200],
  ])('throws a connection error for %s', async (_, behaviour, status) => {
    const failed = findJob(behaviour);
    await expect(failed).rejects.toBeInstanceOf(LifelineConnectionError);
    await expect(failed).rejects.toMatchObject({ status });
  });

  it('throws the reason of the signal when it gives up', async () => {
    const reader = new AbortController();
    const reason = new Error('enough');
    const asked = vi.fn<Behaviour>(() => reader.abort(reason));
    await expect(findJob(asked, reader.signal)).rejects.toBe(reason);
    expect(asked).toHaveBeenCalledTimes(1);
  });

  it('keeps the path of a server behind a proxy, and refuses an address that is none', async () => {
    const fetch = vi.fn(() => Promise.resolve(Response.json({ data: { job: null } })));
    const client = createLifelineClient({ url: 'http://proxy.example/lifeline', fetch });
    await expect(client.execute(FindJobDocument, { jobId: '1' })).resolves.toEqual({ job: null });
    expect(fetch).toHaveBeenCalledWith('http://proxy.example/lifeline/graphql', expect.anything());
    expect(() => createLifelineClient({ url: 'localhost' })).toThrow(TypeError);
    expect(() => createLifelineClient({ url: 'http://localhost', token: 'two\nlines' })).toThrow(TypeError);
  });
});
