// How well a size is known, in words.

/** "at most " and the like, before a sum of sizes of which this is known. */
export function boundWord(kinds: readonly string[], language: string): string {
  const all = new Set(kinds);
  const kind = all.size === 1 ? [...all][0]! : all.size === 0 ? 'exact' : 'about';
  const words: Readonly<Record<string, readonly [string, string]>> = {
    upper_bound: ['at most ', '至多 '],
    lower_bound: ['at least ', '至少 '],
    about: ['about ', '约 '],
  };
  return words[kind]?.[language === 'zh' ? 1 : 0] ?? '';
}

/** The same for thefts; what does not say how well its size is known is left without a word. */
export const boundOf = (list: readonly { readonly bytes_is?: string | undefined }[], language: string): string =>
  list.every((t) => t.bytes_is !== undefined)
    ? boundWord(
        list.map((t) => t.bytes_is!),
        language,
      )
    : '';
