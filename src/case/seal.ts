// The seal of a case: what its files and the evidence were when it was sealed, signed with ed25519. Who holds the public key
// can tell later that nothing of it was changed.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const SEAL_FILE = 'seal.json';
/** The case's files that a seal covers, as far as they are there. */
export const SEALED_FILES = [
  'case.json',
  'incident.json',
  'report.html',
  'detections.jsonl',
  'paths.json',
  'run.json',
  'exhibits.json',
  'journal.bin',
  'store.duckdb',
] as const;

export interface Manifest {
  readonly schema: 'backtrail.seal/1';
  readonly sealed: string;
  readonly by: string | null;
  readonly note: string | null;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly evidence: readonly {
    readonly id: string;
    readonly path: string;
    readonly sha256: string | null;
    readonly bytes: number;
  }[];
}

export interface Seal {
  readonly manifest: Manifest;
  /** SubjectPublicKeyInfo, base64. */
  readonly public_key: string;
  /** Of the manifest's JSON without blanks, base64. */
  readonly signature: string;
}

const sha256 = (b: Buffer): string => createHash('sha256').update(b).digest('hex');
function sha256OfFile(path: string): string {
  const hash = createHash('sha256');
  const block = Buffer.allocUnsafe(1 << 20);
  const fd = openSync(path, 'r');
  try {
    for (let n = readSync(fd, block); n > 0; n = readSync(fd, block)) hash.update(block.subarray(0, n));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
const bytesOf = (m: Manifest): Buffer => Buffer.from(JSON.stringify(m));

/** SHA-256 of a public key, for people to compare. */
export const fingerprint = (publicKey: string): string => sha256(Buffer.from(publicKey, 'base64'));

/** A new private key as PEM (PKCS #8). */
export function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Reads an ed25519 private key. Throws an `Error` that says what is wrong with it. */
export function readKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    throw new Error('expected a private key in PEM');
  }
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`expected an ed25519 key, found ${key.asymmetricKeyType}`);
  return key;
}

/** Signs what the case is now and writes its seal. */
export function sealCase(
  dir: string,
  key: KeyObject,
  about: { sealed: string; by: string | null; note: string | null },
): Seal {
  const document = JSON.parse(readFileSync(join(dir, 'incident.json'), 'utf8')) as { evidence: Manifest['evidence'] };
  const manifest: Manifest = {
    schema: 'backtrail.seal/1',
    ...about,
    files: SEALED_FILES.filter((name) => existsSync(join(dir, name))).map((name) => ({
      name,
      sha256: sha256OfFile(join(dir, name)),
    })),
    evidence: document.evidence.map(({ id, path, sha256: hash, bytes }) => ({ id, path, sha256: hash, bytes })),
  };
  const seal: Seal = {
    manifest,
    public_key: createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64'),
    signature: sign(null, bytesOf(manifest), key).toString('base64'),
  };
  writeFileSync(join(dir, SEAL_FILE), `${JSON.stringify(seal, null, 1)}\n`);
  return seal;
}

/** What does not hold of a case's seal, or null. `undefined` where there is none. */
export function checkSeal(dir: string): { problem: string | null; seal: Seal } | undefined {
  const path = join(dir, SEAL_FILE);
  if (!existsSync(path)) return undefined;
  let seal: Seal;
  try {
    seal = JSON.parse(readFileSync(path, 'utf8')) as Seal;
    const key = createPublicKey({ key: Buffer.from(seal.public_key, 'base64'), type: 'spki', format: 'der' });
    if (!verify(null, bytesOf(seal.manifest), key, Buffer.from(seal.signature, 'base64')))
      return { problem: 'the signature does not fit the manifest', seal };
    for (const f of seal.manifest.files) {
      const now = existsSync(join(dir, f.name)) ? sha256OfFile(join(dir, f.name)) : 'missing';
      if (now !== f.sha256) return { problem: `${f.name} was changed after the case was sealed`, seal };
    }
    return { problem: null, seal };
  } catch (e) {
    return {
      problem: `it cannot be read: ${(e as Error).message.slice(0, 120)}`,
      seal: {
        manifest: { schema: 'backtrail.seal/1', sealed: '', by: null, note: null, files: [], evidence: [] },
        public_key: '',
        signature: '',
      },
    };
  }
}
