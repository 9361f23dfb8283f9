import type { ReactNode } from 'react';
import type { Tone } from './status.tsx';

export function Notice({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <div className={`notice ${tone}`} role="status">
      {children}
    </div>
  );
}

export function StaleNotice() {
  return (
    <Notice tone="warn">
      The server does not answer. What is shown may be out of date; it is asked again until it is back.
    </Notice>
  );
}
