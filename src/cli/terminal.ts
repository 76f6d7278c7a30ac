// What people see in a terminal. Text from evidence goes through `safe`, so that no escape sequence of a log acts on
// the terminal that shows it.
import { writeSync } from 'node:fs';

const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line of plain text: control and direction characters become "·". */
export const safe = (text: string): string => text.replace(UNSAFE, '·');

export interface Style {
  readonly bold: (s: string) => string;
  readonly dim: (s: string) => string;
  readonly level: (level: string, s: string) => string;
  readonly good: (s: string) => string;
  readonly bad: (s: string) => string;
}

const LEVEL_CODES: Readonly<Record<string, string>> = {
  critical: '1;97;41',
  high: '1;31',
  medium: '33',
  low: '36',
  informational: '2',
};

export function makeStyle(colour: boolean): Style {
  const wrap =
    (code: string) =>
    (s: string): string =>
      colour ? `\u001b[${code}m${s}\u001b[0m` : s;
  return {
    bold: wrap('1'),
    dim: wrap('2'),
    good: wrap('32'),
    bad: wrap('1;31'),
    level: (level, s) => (colour ? wrap(LEVEL_CODES[level] ?? '0')(s) : s),
  };
}

/** NO_COLOR (no-color.org), --no-color, and whether anybody looks. */
export const wantsColour = (stream: { isTTY?: boolean }, off: boolean): boolean =>
  !off && stream.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb';

const count = (n: number): string => n.toLocaleString('en');

function duration(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h > 0
    ? `${h}:${String(m).padStart(2, '0')}:${String(s % 60).padStart(2, '0')}`
    : `${m}:${String(s % 60).padStart(2, '0')}`;
}

/** A line on standard error that rewrites itself; silent unless that is a terminal. */
export class Progress {
  readonly #on: boolean;
  readonly #total: number;
  readonly #start = performance.now();
  #last = 0;
  #shown = false;

  constructor(totalBytes: number, on: boolean) {
    this.#total = totalBytes;
    this.#on = on;
  }

  update(stage: string, p: { bytes: number; records: number; detections: number }): void {
    const now = performance.now();
    if (!this.#on || now - this.#last < 100) return;
    this.#last = now;
    const seconds = (now - this.#start) / 1000;
    const share = this.#total === 0 ? 1 : Math.min(1, p.bytes / this.#total);
    const width = 24;
    const filled = Math.round(share * width);
    const left = share > 0.01 && seconds > 0.5 ? `${duration((seconds / share) * (1 - share))} left` : '';
    const text = ` ${stage} ${'━'.repeat(filled)}${'─'.repeat(width - filled)} ${String(Math.floor(share * 100)).padStart(3)} %  ${count(p.records)} records  ${count(Math.round(p.records / Math.max(seconds, 0.001)))}/s  ${count(p.detections)} matches  ${left}`;
    const columns = process.stderr.columns ?? 100;
    process.stderr.write(`\r\u001b[2K${text.slice(0, columns - 1)}`);
    this.#shown = true;
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K');
    this.#shown = false;
  }
}

/** Standard output as a synchronous sink that waits for a slow reader and ends quietly when the reader has gone. */
export function stdoutSink(): (data: string | Uint8Array) => void {
  return (data) => writeFully(1, typeof data === 'string' ? Buffer.from(data) : data);
}

export function writeFully(fd: number, data: Uint8Array): void {
  let at = 0;
  while (at < data.length) {
    try {
      at += writeSync(fd, data, at, data.length - at);
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
        continue;
      }
      if (code === 'EPIPE' && fd === 1) process.exit(0);
      throw e;
    }
  }
}
