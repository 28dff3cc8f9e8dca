// Conditions on labels as Alertmanager writes them: `{alertname="DiskFull", host=~"db-.*"}`.
import type { Labels } from '../api/types'

export type Matcher = { name: string; value: string; isRegex: boolean; isEqual: boolean }

export type Sign = '=' | '!=' | '=~' | '!~'

export const SIGNS: readonly { sign: Sign; text: string }[] = [
  { sign: '=', text: 'is' },
  { sign: '!=', text: 'is not' },
  { sign: '=~', text: 'matches' },
  { sign: '!~', text: 'does not match' },
]

export function signOf({ isRegex, isEqual }: Pick<Matcher, 'isRegex' | 'isEqual'>): Sign {
  return `${isEqual ? '' : '!'}${isRegex ? '~' : '='}`.replace(/^~$/, '=~') as Sign
}

export function withSign(matcher: Matcher, sign: Sign): Matcher {
  return { ...matcher, isRegex: sign.endsWith('~'), isEqual: !sign.startsWith('!') }
}

export function matcherText(matcher: Matcher): string {
  return `${matcher.name}${signOf(matcher)}${JSON.stringify(matcher.value)}`
}

export function matchersText(matchers: readonly Matcher[]): string {
  return matchers.length === 0 ? '' : `{${matchers.map(matcherText).join(', ')}}`
}

export function matchersOf(labels: Labels): Matcher[] {
  return Object.entries(labels)
    .toSorted(([one], [other]) => rank(one) - rank(other) || (one < other ? -1 : 1))
    .map(([name, value]) => ({ name, value, isRegex: false, isEqual: true }))
}

/** Which alert stands first, then what tells it from others. */
function rank(name: string): number {
  return name === 'alertname' ? 0 : 1
}

/** What an address says; nothing where it is not understood. */
export function parseMatchers(text: string): Matcher[] {
  const found: Matcher[] = []
  const one = /\s*([^\s=!~{},"]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^,}\s]*)\s*(?:,|$)/gy
  const inside = text.trim().replace(/^\{/, '').replace(/\}$/, '')
  one.lastIndex = 0
  while (one.lastIndex < inside.length) {
    const match = one.exec(inside)
    if (!match) return []
    const [, name = '', sign = '=', raw = ''] = match
    const value = unquoted(raw)
    if (value === null) return []
    found.push(withSign({ name, value, isRegex: false, isEqual: true }, sign as Sign))
  }
  return found
}

function unquoted(raw: string): string | null {
  if (!raw.startsWith('"')) return raw
  try {
    return JSON.parse(raw) as string
  } catch {
    return null
  }
}

/** Whether labels fulfil all conditions, as the program has it; one that is no right expression fulfils nothing. */
export function fulfils(labels: Labels, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ name, value, isRegex, isEqual }) => {
    const own = labels[name] ?? ''
    if (!isRegex) return (own === value) === isEqual
    try {
      return new RegExp(`^(?:${value})$`, 'u').test(own) === isEqual
    } catch {
      return false
    }
  })
}
