import './entrance.css';

for (const place of document.querySelectorAll('[data-origin]')) place.textContent = location.origin;

document.getElementById('logout')?.addEventListener('click', () => {
  void logOut();
});

async function logOut(): Promise<void> {
  await fetch('/logout', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Lifeline-Request': 'home' },
    body: '{}',
  });
  location.replace('/login');
}
