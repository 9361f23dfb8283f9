const SERVICE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Whether a service may have this name: it stands in command lines, cursors and sentences, and means one thing in each. */
export function isServiceName(text: string): boolean {
  return SERVICE_NAME.test(text);
}
