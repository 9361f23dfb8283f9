import './entrance.css';

const form = elementOf('login', HTMLFormElement);
const token = elementOf('token', HTMLInputElement);
const failure = elementOf('failure', HTMLElement);
elementOf('used-ticket', HTMLElement).hidden = !new URLSearchParams(location.search).has('used');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void logIn();
});

async function logIn(): Promise<void> {
  const button = elementOf(form.querySelector('button'), HTMLButtonElement);
  button.disabled = true;
  failure.hidden = true;
  try {
    const response = await fetch('/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token: token.value.trim() }),
    });
    if (response.ok) {
      // This page again: with a session the server sends it on to where the visitor wanted to go. Not by its URL: one with a
      // fragment would be taken for a place in this page.
      location.reload();
      return;
    }
    const { error } = (await response.json()) as { error: { message: string } };
    show(error.message);
  } catch {
    show('The server does not answer.');
  }
  button.disabled = false;
  token.select();
}

function show(message: string): void {
  failure.textContent = message;
  failure.hidden = false;
}

function elementOf<T extends Element>(which: string | Element | null, type: new () => T): T {
  const element = typeof which === 'string' ? document.getElementById(which) : which;
  if (!(element instanceof type)) throw new Error(`the page lacks a ${type.name}`);
  return element;
}
