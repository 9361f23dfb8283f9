import { useState } from 'react';

/** A choice that this browser keeps. */
export function useSetting(name: string, byDefault: boolean): readonly [boolean, (value: boolean) => void] {
  const key = `lifeline.${name}`;
  const [value, setValue] = useState(() => read(key) ?? byDefault);
  return [
    value,
    (next) => {
      setValue(next);
      try {
        localStorage.setItem(key, String(next));
      } catch {
        // A browser that keeps nothing: the choice lasts as long as the page.
      }
    },
  ];
}

function read(key: string): boolean | undefined {
  try {
    const text = localStorage.getItem(key);
    return text === null ? undefined : text === 'true';
  } catch {
    return undefined;
  }
}
