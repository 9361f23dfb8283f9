/** Gives a loopback address that it has not given before, for a client that others are not to be mistaken for. */
export function loopbackAddresses(): () => string {
  let given = 0;
  return () => {
    given += 1;
    return `127.1.${String(given >> 8)}.${String(given & 255)}`;
  };
}
