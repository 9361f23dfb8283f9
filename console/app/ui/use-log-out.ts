import { useEffect, useState } from 'react';
import { ownFetch } from '../connection/own-fetch.ts';

export interface LogOut {
  /** Nothing is to be shown then that asks the server: its answer, "who are you?", would lead elsewhere. */
  readonly isLeaving: boolean;
  /** The server gave no answer: the visitor is still logged in. */
  readonly hasFailed: boolean;
  readonly logOut: () => void;
}

/** Ends the session of this browser and leads to the login page, once the page has let go of what it follows. */
export function useLogOut(): LogOut {
  const [state, setState] = useState<'here' | 'leaving' | 'failed'>('here');
  useEffect(() => {
    if (state !== 'leaving') return;
    ownFetch('/logout', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then(
      () => location.replace('/login'),
      () => setState('failed'),
    );
  }, [state]);
  return { isLeaving: state === 'leaving', hasFailed: state === 'failed', logOut: () => setState('leaving') };
}
