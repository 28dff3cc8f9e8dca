// What may come where the caret stands in a PromQL text. Pure: it says what is wanted, the page fetches it.

export type Want =
  | { kind: 'name' }
  | { kind: 'label'; metric: string | null }
  | { kind: 'value'; label: string; metric: string | null }
  | { kind: 'span' }
  | { kind: 'nothing' }

export type Spot = {
  want: Want
  /** What of it is typed already. */
  typed: string
  /** Where that begins. */
  from: number
}

type Open = { sign: '{' | '(' | '['; at: number; before: string }

const WORD_END = /[a-zA-Z_:][a-zA-Z0-9_:]*$/
const GROUPING = /^(by|without|on|ignoring|group_left|group_right)$/

export function spotAt(text: string, caret: number): Spot {
  const before = text.slice(0, caret)
  const { open, quote, comment } = scan(before)
  const nothing: Spot = { want: { kind: 'nothing' }, typed: '', from: caret }

  if (comment) return nothing
  if (quote !== null) {
    if (open?.sign !== '{') return nothing
    const label = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*$/.exec(before.slice(open.at + 1, quote))?.[1]
    if (!label) return nothing
    return { want: { kind: 'value', label, metric: metricOf(open) }, typed: before.slice(quote + 1), from: quote + 1 }
  }

  const typed = WORD_END.exec(before)?.[0] ?? ''
  const from = caret - typed.length
  if (open?.sign === '{') {
    const last = before.slice(open.at + 1, from).trimEnd()
    const expectsLabel = last === '' || last.endsWith(',')
    return expectsLabel ? { want: { kind: 'label', metric: metricOf(open) }, typed, from } : nothing
  }
  if (open?.sign === '[') {
    const span = /[0-9a-z]*$/.exec(before)?.[0] ?? ''
    return { want: { kind: 'span' }, typed: span, from: caret - span.length }
  }
  if (open?.sign === '(' && GROUPING.test(open.before)) return { want: { kind: 'label', metric: null }, typed, from }
  // Inside a number there is nothing to complete.
  if (typed === '' && /[0-9.]$/.test(before)) return nothing
  if (/[0-9]$/.test(before.slice(0, from))) return nothing
  return { want: { kind: 'name' }, typed, from }
}

function metricOf(open: Open): string | null {
  return open.before !== '' && !GROUPING.test(open.before) ? open.before : null
}

type End = { open: Open | null; quote: number | null; comment: boolean }

/** What is open where the text ends: the innermost bracket, a quotation mark, a comment. */
function scan(text: string): End {
  const stack: Open[] = []
  let quote: number | null = null
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? ''
    if (quote !== null) {
      if (sign === '\\' && text[quote] !== '`') at += 1
      else if (sign === text[quote]) quote = null
    } else if (sign === '"' || sign === "'" || sign === '`') quote = at
    else if (sign === '{' || sign === '(' || sign === '[') {
      stack.push({ sign, at, before: WORD_END.exec(text.slice(0, at).trimEnd())?.[0] ?? '' })
    } else if (sign === '}' || sign === ')' || sign === ']') stack.pop()
    else if (sign === '#') {
      const end = text.indexOf('\n', at)
      if (end < 0) return { open: null, quote: null, comment: true }
      at = end
    }
  }
  return { open: stack.at(-1) ?? null, quote, comment: false }
}

export type Offer = { text: string; insert: string; note: string }

/** More than fit a list that is glanced at. */
const OFFERS_MAX = 50

/** Those that fit what is typed: beginnings first, then parts of words, then letters in order. */
export function rank(offers: readonly Offer[], typed: string): Offer[] {
  const wanted = typed.toLowerCase()
  if (wanted === '') return offers.slice(0, OFFERS_MAX)
  const ranked: { offer: Offer; rank: number }[] = []
  for (const offer of offers) {
    const text = offer.text.toLowerCase()
    const at = text.indexOf(wanted)
    if (at < 0 && !inOrder(text, wanted)) continue
    const place = at === 0 ? 0 : at > 0 ? (/[_:]/.test(text[at - 1] ?? '') ? 1 : 2) : 3
    ranked.push({ offer, rank: place })
  }
  ranked.sort((one, other) => one.rank - other.rank || one.offer.text.length - other.offer.text.length)
  return ranked.slice(0, OFFERS_MAX).map(({ offer }) => offer)
}

function inOrder(text: string, letters: string): boolean {
  let at = 0
  for (const letter of letters) {
    at = text.indexOf(letter, at) + 1
    if (at === 0) return false
  }
  return letters.length > 2
}

/** The text with an offer put in at the caret, and where the caret then stands. */
export function accept(text: string, caret: number, spot: Spot, offer: Offer): { text: string; caret: number } {
  const head = text.slice(0, spot.from) + offer.insert
  let tail = text.slice(caret)
  // What the offer closes itself need not stand there twice.
  if (/["(]$/.test(offer.insert) && tail.startsWith(offer.insert.at(-1) ?? '\0')) tail = tail.slice(1)
  return { text: head + tail, caret: head.length }
}
