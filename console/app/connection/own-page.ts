/** The server takes the session cookie of a page only together with a header that no foreign page can send. */
export const OWN_PAGE = { 'lifeline-request': 'console' };
