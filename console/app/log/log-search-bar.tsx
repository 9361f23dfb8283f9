import { Toggle } from '@base-ui/react/toggle';
import { type RefObject, useEffect, useState } from 'react';
import { numberText } from '../ui/format.ts';
import type { FinderView, Sought } from './log-finder.ts';

/** What is typed is looked for when nothing more is typed for so long. */
const TYPING_MS = 300;

interface LogSearchBarProps {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly sought: Sought | undefined;
  readonly view: FinderView | undefined;
  readonly onSeek: (sought: Sought | undefined) => void;
  readonly onGo: (direction: 'next' | 'previous') => void;
  readonly onLeave: () => void;
}

/** The field of a search in the log, how much it has found, and the way from hit to hit. */
export function LogSearchBar({ field, sought, view, onSeek, onGo, onLeave }: LogSearchBarProps) {
  const [pattern, setPattern] = useState(sought?.pattern ?? '');
  const [isRegex, setRegex] = useState(sought?.isRegex ?? false);
  const isCurrent = pattern === (sought?.pattern ?? '') && (pattern === '' || isRegex === sought?.isRegex);
  const seek = (): void => onSeek(pattern === '' ? undefined : { pattern, isRegex });
  useEffect(() => {
    if (isCurrent) return;
    const timer = setTimeout(seek, TYPING_MS);
    return () => clearTimeout(timer);
  });
  useEffect(() => {
    if (sought === undefined) setPattern('');
  }, [sought]);
  const leave = (): void => {
    setPattern('');
    onLeave();
  };
  const problem = isCurrent ? view?.problem : undefined;
  return (
    <form
      className="log-search"
      role="search"
      aria-label="The log"
      onSubmit={(event) => event.preventDefault()}
    >
      <input
        ref={field}
        type="search"
        placeholder="Search"
        aria-label="Search the log"
        title="Search the log (/)"
        aria-invalid={problem !== undefined}
        aria-describedby={problem === undefined ? undefined : 'log-search-problem'}
        maxLength={1_000}
        autoComplete="off"
        spellCheck={false}
        value={pattern}
        onChange={({ target }) => setPattern(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') leave();
          else if (event.key !== 'Enter') return;
          else {
            if (!isCurrent) seek();
            onGo(event.shiftKey ? 'previous' : 'next');
          }
          event.preventDefault();
        }}
      />
      <Toggle
        className="button small"
        pressed={isRegex}
        onPressedChange={setRegex}
        title="A regular expression, in RE2 syntax"
      >
        Regex
      </Toggle>
      {sought !== undefined && problem === undefined && (
        <>
          <button
            type="button"
            className="button small"
            onClick={() => onGo('previous')}
            title="Previous hit (N)"
          >
            <span aria-hidden="true">↑</span>
            <span className="hidden-text">Previous hit</span>
          </button>
          <button type="button" className="button small" onClick={() => onGo('next')} title="Next hit (n)">
            <span aria-hidden="true">↓</span>
            <span className="hidden-text">Next hit</span>
          </button>
          <button type="button" className="button small" onClick={leave} title="Leave the search (Esc)">
            <span aria-hidden="true">×</span>
            <span className="hidden-text">Leave the search</span>
          </button>
          <span className="log-hits figure soft" role="status">
            {view === undefined ? '' : countText(view)}
          </span>
        </>
      )}
      {problem !== undefined && (
        <span id="log-search-problem" className="log-search-problem" role="alert">
          {problem}
        </span>
      )}
    </form>
  );
}

function countText({ count, isCounted, ordinal, isLooking }: FinderView): string {
  if (isCounted && count === 0) return 'No line has it';
  const all = isCounted ? numberText(count) : `${numberText(count)}+ …counting`;
  if (isLooking) return `Looking, ${all}`;
  return ordinal === undefined
    ? `${all} ${count === 1 && isCounted ? 'line' : 'lines'}`
    : `${numberText(ordinal)} of ${all}`;
}
