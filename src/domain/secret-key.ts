/** The fewest characters of a key for secrets: as many as 256 bits take in base64, with some to spare for other spellings. */
export const LEAST_KEY_LENGTH = 32;
