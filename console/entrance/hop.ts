// The server never sees the fragment, which may name a line of a log; from the login on, browsers carry it along.
const link = document.getElementById('login');
if (link instanceof HTMLAnchorElement) location.replace(link.href + location.hash);
