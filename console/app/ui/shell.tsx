import { Dialog } from '@base-ui/react/dialog';
import { type ReactNode, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { useConnection, useMay } from '../connection/connection-context.tsx';
import icon from '../../entrance/icon.svg';
import { StartDialog } from '../jobs/start-dialog.tsx';
import { KEY_HELP, useKeys } from './keys.ts';
import { inWords } from './status.tsx';
import { useLogOut } from './use-log-out.ts';

const PLACES = [
  { path: '/', name: 'Jobs' },
  { path: '/services', name: 'Services' },
  { path: '/server', name: 'Server' },
] as const;

/** What all pages have around them: where to go, what is possible everywhere, and the keys. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const [path, goTo] = useLocation();
  const { scope } = useConnection();
  const mayStart = useMay('EXEC');
  const [isStarting, setStarting] = useState(false);
  const [showsKeys, setShowsKeys] = useState(false);
  const { isLeaving, hasFailed, logOut } = useLogOut();
  useKeys({
    '1': () => goTo('/'),
    '2': () => goTo('/services'),
    '3': () => goTo('/server'),
    n: () => {
      if (mayStart) setStarting(true);
    },
    '?': () => setShowsKeys(true),
  });
  return (
    <>
      <header className="bar">
        <Link href="/" className="brand">
          <img src={icon} alt="" width="24" height="24" /> Lifeline
        </Link>
        <nav aria-label="Pages">
          {PLACES.map(({ path: to, name }) => (
            <Link
              key={to}
              href={to}
              aria-current={path === to || (to === '/' && path.startsWith('/jobs/')) ? 'page' : undefined}
            >
              {name}
            </Link>
          ))}
          <a href="/graphql">GraphiQL</a>
        </nav>
        <span className="spread" />
        {scope !== undefined && scope !== 'ADMIN' && (
          <span className="chip" title="What your token lets you do">
            {inWords(scope)} only
          </span>
        )}
        <button
          type="button"
          className="quiet keys-button"
          onClick={() => setShowsKeys(true)}
          title="Keys (?)"
        >
          <kbd>?</kbd>
          <span className="hidden-text">Keys</span>
        </button>
        {hasFailed && <span role="alert">The server gave no answer: you are still logged in.</span>}
        <button type="button" className="quiet" disabled={isLeaving} onClick={logOut}>
          Log out
        </button>
        {mayStart && (
          <button type="button" className="main" onClick={() => setStarting(true)} title="New job (n)">
            New job
          </button>
        )}
      </header>
      <main>{!isLeaving && children}</main>
      {isStarting && <StartDialog onClose={() => setStarting(false)} />}
      <KeysDialog isOpen={showsKeys} onClose={() => setShowsKeys(false)} />
    </>
  );
}

function KeysDialog({ isOpen, onClose }: { readonly isOpen: boolean; readonly onClose: () => void }) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog">
          <Dialog.Title>Keys</Dialog.Title>
          <div className="keys-list">
            {KEY_HELP.map(({ place, keys }) => (
              <section key={place}>
                <h3>{place}</h3>
                <dl>
                  {keys.map(([key, does]) => (
                    <div key={key}>
                      <dt>
                        {key.split(' ').map((one) => (
                          <kbd key={one}>{one}</kbd>
                        ))}
                      </dt>
                      <dd>{does}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
          <div className="dialog-buttons">
            <Dialog.Close className="button">Close</Dialog.Close>
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
