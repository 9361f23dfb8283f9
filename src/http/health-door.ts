import type { ServerResponse } from 'node:http';
import type { Door } from './exchange.ts';

/** `GET /healthz`: the process lives and answers. Says nothing else, for it needs no credential. */
export const healthDoor: Door = ({ res }) => {
  sendWord(res, 200, 'ok');
};

/** `GET /readyz`: whether new work is taken: not while the disk is low, and not any more once the server closes. */
export function readinessDoor(isOpen: () => boolean, hasDisk: () => boolean): Door {
  return ({ res }) => {
    if (!isOpen()) sendWord(res, 503, 'stopping');
    else if (!hasDisk()) sendWord(res, 503, 'disk low');
    else sendWord(res, 200, 'ready');
  };
}

function sendWord(res: ServerResponse, status: number, word: string): void {
  res.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': word.length });
  res.end(word);
}
