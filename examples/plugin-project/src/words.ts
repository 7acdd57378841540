export interface Summary {
  words: number;
  longest: string;
  most: { word: string; times: number } | undefined;
}

export function summarize(text: string): Summary {
  const words = text.toLowerCase().match(/\p{L}+/gu) ?? [];
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  let most: Summary['most'];
  for (const [word, times] of counts) if (times > (most?.times ?? 0)) most = { word, times };
  const longest = [...counts.keys()].reduce((best, word) => (word.length > best.length ? word : best), '');
  return { words: words.length, longest, most };
}
