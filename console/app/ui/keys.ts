import { useEffect, useRef } from 'react';

/** What keys do, by `KeyboardEvent.key`. Returning false leaves the key to the browser. */
export type KeyMap = Readonly<Record<string, () => unknown>>;

/**
 * Acts on keys that are pressed while nothing is typed and no dialog is open.
 * @param comesFirst before those who mean another thing by the same key
 */
export function useKeys(keys: KeyMap, comesFirst = false): void {
  const current = useRef(keys);
  useEffect(() => {
    current.current = keys;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping()) return;
      const act = current.current[event.key];
      if (act !== undefined && act() !== false) event.preventDefault();
    };
    document.addEventListener('keydown', onKey, comesFirst);
    return () => document.removeEventListener('keydown', onKey, comesFirst);
  }, [comesFirst]);
}

function isTyping(): boolean {
  const place = document.activeElement;
  if (document.querySelector('[role="dialog"], [role="alertdialog"]') !== null) return true;
  return (
    place instanceof HTMLTextAreaElement ||
    place instanceof HTMLSelectElement ||
    (place instanceof HTMLInputElement && place.type !== 'checkbox')
  );
}

/** What the list of keys says: by place, the key and what it does. */
export const KEY_HELP: readonly {
  readonly place: string;
  readonly keys: readonly (readonly [string, string])[];
}[] = [
  {
    place: 'Everywhere',
    keys: [
      ['1 2 3', 'Jobs, services, server'],
      ['n', 'New job'],
      ['?', 'These keys'],
    ],
  },
  {
    place: 'Jobs',
    keys: [
      ['/', 'Find by command'],
      ['j k', 'Next, previous job'],
      ['Enter', 'Open it'],
    ],
  },
  {
    place: 'A job',
    keys: [
      ['c', 'Cancel'],
      ['r', 'Run again'],
      ['e', 'Edit, then run again'],
      ['Home End', 'First, last line'],
      ['g', 'Go to a line'],
      ['/', 'Search the log'],
      ['n N', 'Next, previous hit'],
      ['Esc', 'Leave the search'],
      ['f', 'Follow'],
      ['w', 'Wrap long lines'],
      ['t', 'Show times'],
    ],
  },
];
