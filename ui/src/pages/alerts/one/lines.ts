// Takes an alert's expression apart into what is measured and the line it is compared with.

export type Compared = { left: string; line: number | null }

const COMPARED = /(==|!=|>=|<=|>|<)\s*(?:bool\s+)?([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*$/i
/** Joined conditions have no one line. */
const JOINED = /\b(?:and|or|unless)\b/i

/** What is measured shows also while it is fine; only a plain `something > 5` can be taken apart safely. */
export function compared(expr: string): Compared {
  const whole = { left: expr, line: null }
  if (/#/.test(expr)) return whole
  const found = COMPARED.exec(expr)
  if (!found) return whole
  const left = expr.slice(0, found.index).trimEnd()
  if (left === '' || depths(left).end !== 0 || JOINED.test(topLevel(left)) || /(==|!=|>=|<=|>|<)/.test(topLevel(left))) return whole
  return { left, line: Number(found[2]) }
}

/** The text outside brackets and quotation marks. */
function topLevel(text: string): string {
  return depths(text).outside
}

function depths(text: string): { end: number; outside: string } {
  let depth = 0
  let quote = ''
  let outside = ''
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? ''
    if (quote !== '') {
      if (sign === '\\') at += 1
      else if (sign === quote) quote = ''
    } else if (sign === '"' || sign === "'" || sign === '`') quote = sign
    else if ('([{'.includes(sign)) depth += 1
    else if (')]}'.includes(sign)) depth -= 1
    else if (depth === 0) outside += sign
  }
  return { end: depth, outside }
}
