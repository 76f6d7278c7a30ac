// One line of comma-separated values (RFC 4180): quotes around a cell, doubled inside it.

/** The cells of a line. `null` if a quoted cell is still open at its end. */
export function csvCells(line: string, separator = ','): string[] | null {
  if (!line.includes('"')) return line.split(separator);
  const out: string[] = [];
  const n = line.length;
  let i = 0;
  for (;;) {
    if (line[i] === '"') {
      let cell = '';
      let from = i + 1;
      for (;;) {
        const q = line.indexOf('"', from);
        if (q < 0) return null;
        cell += line.slice(from, q);
        if (line[q + 1] === '"') {
          cell += '"';
          from = q + 2;
          continue;
        }
        i = q + 1;
        break;
      }
      const next = line.indexOf(separator, i);
      out.push(next < 0 ? cell + line.slice(i) : cell + line.slice(i, next));
      if (next < 0) return out;
      i = next + separator.length;
    } else {
      const next = line.indexOf(separator, i);
      if (next < 0) {
        out.push(line.slice(i, n));
        return out;
      }
      out.push(line.slice(i, next));
      i = next + separator.length;
    }
  }
}
