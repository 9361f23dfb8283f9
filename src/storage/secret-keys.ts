import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { SecretsUnavailableError } from '../domain/errors.ts';
import { LEAST_KEY_LENGTH } from '../domain/secret-key.ts';

// AES-256-GCM whose nonce is a keyed digest of name and value (the construction of RFC 5297, in short): the same value of the
// same variable gives the same text, so that a repeated request and an unchanged definition are known as such without the
// value; and a nonce comes twice for different values only where two digests of 96 bits are the same.

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts secrets, and decrypts them. */
export interface SecretBox {
  /** @throws SecretsUnavailableError */
  seal(name: string, value: string): string;
  /** @throws SecretsUnavailableError where its key is not here, or it is not what was sealed under that name */
  open(name: string, sealed: string): string;
}

interface Key {
  /** Stands beside what it has sealed; says nothing of the key. */
  readonly id: string;
  readonly cipher: Buffer;
  readonly nonce: Buffer;
}

/**
 * The keys by which secrets are kept: the one that was given, and the one of the key file. New secrets are sealed with the
 * first of them; each opens what it has sealed, so that a key can be changed without a loss.
 *
 * The file is read once. What is wrong with it stays wrong until the next start: a log that is masked by nothing must not begin
 * to be read half-way.
 */
export class SecretKeys implements SecretBox {
  readonly #path: string;
  readonly #given: Key | null;
  #inFile: Key | null;
  /** Why the file cannot be used, in one sentence; `null` where it can, or is not there. */
  readonly problem: string | null;

  /**
   * @param path of the key file, which is made at first need
   * @param given LIFELINE_SECRET_KEY; `null` where there is none
   */
  constructor(path: string, given: string | null) {
    this.#path = path;
    this.#given = given === null ? null : keyOf(given);
    const { text, problem } = readKeyFile(path);
    this.#inFile = text === null ? null : keyOf(text);
    this.problem = problem;
  }

  seal(name: string, value: string): string {
    const key = this.#given ?? this.#inFile ?? this.#make();
    const nonce = createHmac('sha256', key.nonce)
      .update(`${name}=${value}`)
      .digest()
      .subarray(0, NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', key.cipher, nonce).setAAD(Buffer.from(name));
    const box = Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${VERSION}.${key.id}.${box.toString('base64url')}`;
  }

  open(name: string, sealed: string): string {
    const [version, id = '', text = ''] = sealed.split('.');
    const key = [this.#given, this.#inFile].find((each) => each?.id === id);
    if (key == null || version !== VERSION) throw new SecretsUnavailableError(this.#whyNot(id));
    const box = Buffer.from(text, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.cipher, box.subarray(0, NONCE_BYTES))
        .setAAD(Buffer.from(name))
        .setAuthTag(box.subarray(-TAG_BYTES));
      return Buffer.concat([
        decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]).toString('utf8');
    } catch (error) {
      throw new SecretsUnavailableError(`The secret ${name} is damaged where it is kept: give it anew.`, {
        cause: error,
      });
    }
  }

  #whyNot(id: string): string {
    const back = `Put the key ${id} back (secret.key in the data directory, or LIFELINE_SECRET_KEY) and start the server again, or give the secrets anew.`;
    if (this.problem !== null) return `The secrets cannot be read: ${this.problem} ${back}`;
    const which = [this.#given, this.#inFile].flatMap((key) => key?.id ?? []);
    return which.length === 0
      ? `The secrets cannot be read: their key is missing. ${back}`
      : `The secrets cannot be read: they were encrypted with the key ${id}, and the server has ${which.join(' and ')}. ${back}`;
  }

  /** On the disk before anything is sealed with it. */
  #make(): Key {
    if (this.problem !== null)
      throw new SecretsUnavailableError(`The secrets cannot be kept: ${this.problem}`);
    const text = randomBytes(32).toString('base64url');
    try {
      const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_DIRECTORY } = constants;
      withDescriptor(openSync(this.#path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), (file) => {
        fchmodSync(file, 0o600);
        writeSync(file, `${text}\n`);
        fsyncSync(file);
      });
      withDescriptor(openSync(dirname(this.#path), O_RDONLY | O_DIRECTORY), fsyncSync);
    } catch (error) {
      throw new SecretsUnavailableError(
        `The secrets cannot be kept: the file secret.key of the data directory cannot be made (${codeOf(error)}).`,
        { cause: error },
      );
    }
    return (this.#inFile = keyOf(text));
  }
}

function keyOf(text: string): Key {
  const derived = (use: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync('sha256', text.trim(), '', `lifeline secrets: ${use}`, bytes));
  return {
    id: derived('id', 6).toString('base64url'),
    cipher: derived('cipher', 32),
    nonce: derived('nonce', 32),
  };
}

function readKeyFile(path: string): { readonly text: string | null; readonly problem: string | null } {
  const refused = (problem: string) => ({ text: null, problem });
  try {
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    return withDescriptor(openSync(path, flags), (file) => {
      const { mode, uid } = fstatSync(file);
      if ((mode & 0o077) !== 0)
        return refused(
          'The file secret.key of the data directory could be read by others: make it 0600, and take what it has sealed for known.',
        );
      if (uid !== process.geteuid?.())
        return refused('The file secret.key of the data directory belongs to another user.');
      const text = readFileSync(file, 'utf8').trim();
      return text.length < LEAST_KEY_LENGTH
        ? refused('The file secret.key of the data directory is damaged.')
        : { text, problem: null };
    });
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT'
      ? { text: null, problem: null }
      : refused(`The file secret.key of the data directory cannot be read (${code}).`);
  }
}

function withDescriptor<Result>(descriptor: number, use: (descriptor: number) => Result): Result {
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown error';
}
