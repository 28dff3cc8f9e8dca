// Finding by a few letters: every word must occur; names that start so come first.

export type Place = { name: string; to: string; what: string }

/** More than a person reads through. */
const FOUND_MAX = 40

export function find(places: readonly Place[], text: string): Place[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return places.slice(0, FOUND_MAX)
  const ranked: { place: Place; rank: number }[] = []
  for (const place of places) {
    const name = place.name.toLowerCase()
    const whole = `${name} ${place.what}`
    if (!words.every((word) => whole.includes(word))) continue
    const first = words[0] ?? ''
    const rank = name.startsWith(first) ? 0 : name.split(/[\s_/:.-]/).some((part) => part.startsWith(first)) ? 1 : 2
    ranked.push({ place, rank })
  }
  ranked.sort((one, other) => one.rank - other.rank)
  return ranked.slice(0, FOUND_MAX).map(({ place }) => place)
}
