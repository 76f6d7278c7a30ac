// How deep brackets of a text stand in each other. YAML's and JSON's readers call themselves for each level, and a text of nothing but
// brackets ends the process before they can say no.

/** Levels that no file of people's has. */
export const MAX_NESTING = 200;

/** Whether brackets, or list marks on one line, stand in each other deeper than any file has reason to. Looks at the text once. */
export function tooDeep(text: string): boolean {
  let depth = 0;
  let marks = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5b || c === 0x7b) {
      if (++depth > MAX_NESTING) return true;
    } else if ((c === 0x5d || c === 0x7d) && depth > 0) depth--;
    // `- - - - a`: each mark is a list in a list.
    else if ((c === 0x2d || c === 0x3f) && text.charCodeAt(i + 1) === 0x20) {
      if (++marks > MAX_NESTING) return true;
    } else if (c === 0x0a) marks = 0;
  }
  return false;
}
