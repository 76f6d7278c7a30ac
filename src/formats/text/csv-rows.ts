// Rows of a table whose cells may hold line ends: lines are held together while a quote is open. A quote that is never
// closed costs its own line and none after it.
import { csvCells } from './csv.js';

/** Lines and characters of one row; a quote that is still open then was no quote. */
const MAX_ROW_LINES = 2000;
const MAX_ROW_CHARS = 4 << 20;

export type OnRow = (cells: string[], line: number, offset: number) => void;

export class CsvRows {
  /** Lines that were no row. */
  broken = 0;
  readonly #onRow: OnRow;
  readonly #separator: string;
  #held: string[] = [];
  #heldChars = 0;
  #open = false;
  /** Cells of the row before. */
  #columns = 0;
  #line = 0;
  #offset = 0;

  constructor(separator: string, onRow: OnRow) {
    this.#separator = separator;
    this.#onRow = onRow;
  }

  /** The next line; a row is given when its quotes come in pairs. */
  line(text: string, line: number, offset: number): void {
    if (this.#held.length === 0) {
      if (text === '') return;
      this.#line = line;
      this.#offset = offset;
      // A quote inside of a cell opens nothing.
      const cells = csvCells(text, this.#separator);
      if (cells !== null) {
        this.#columns = cells.length;
        this.#onRow(cells, line, offset);
        return;
      }
      this.#open = true;
      this.#held.push(text);
      this.#heldChars = text.length + 1;
      return;
    }
    this.#held.push(text);
    this.#heldChars += text.length + 1;
    for (let i = text.indexOf('"'); i >= 0; i = text.indexOf('"', i + 1)) this.#open = !this.#open;
    if (this.#open && this.#held.length <= MAX_ROW_LINES && this.#heldChars <= MAX_ROW_CHARS) return;
    const full = this.#held.length > MAX_ROW_LINES || this.#heldChars > MAX_ROW_CHARS;
    const cells = csvCells(this.#held.join('\n'), this.#separator);
    // The quotes come in pairs, and the cell is still open: it goes on.
    if (cells === null && !full) return;
    if (cells === null || this.#stray(cells.length)) {
      this.end();
      return;
    }
    this.#held = [];
    this.#heldChars = 0;
    this.#columns = cells.length;
    this.#onRow(cells, this.#line, this.#offset);
  }

  /** Whether lines that one quote holds together are rows of the table themselves: the quote was none. */
  #stray(cells: number): boolean {
    const inner = this.#held.slice(1);
    if (this.#columns < 3) return false;
    const rows = inner.filter((l) => csvCells(l, this.#separator)?.length === this.#columns).length;
    return rows * 5 >= inner.length * 4 && rows > 0 && (cells !== this.#columns || rows > 1);
  }

  /** What is held is no row: the lines after its first are read for themselves. */
  end(): void {
    const lines = this.#held;
    if (lines.length === 0) return;
    this.#open = false;
    this.#held = [];
    this.#heldChars = 0;
    this.broken++;
    let line = this.#line;
    let offset = this.#offset;
    lines.forEach((text, i) => {
      if (i > 0 && text !== '') {
        const cells = csvCells(text, this.#separator);
        if (cells === null) this.broken++;
        else this.#onRow(cells, line, offset);
      }
      line++;
      offset += Buffer.byteLength(text) + 1;
    });
  }
}
