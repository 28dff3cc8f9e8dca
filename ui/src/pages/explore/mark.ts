// Finds the place an error speaks of, so that it can be marked in the query.

export type Place = { from: number; to: number }

/** From `1:5: parse error`, `at line 1, column 5`, `position 4` or `char 4`. */
export function placeOf(message: string, query: string): Place | null {
  const lineColumn =
    /(?:^|\s)(\d+):(\d+)(?::|\s|$)/.exec(message) ?? /line\s+(\d+),?\s+col(?:umn)?\s+(\d+)/i.exec(message)
  if (lineColumn) return wordAt(query, offsetOf(query, Number(lineColumn[1]), Number(lineColumn[2])))
  const position = /\b(?:position|char(?:acter)?|offset)\s+(\d+)/i.exec(message)
  return position ? wordAt(query, Number(position[1])) : null
}

function offsetOf(query: string, line: number, column: number): number {
  const lines = query.split('\n')
  let offset = 0
  for (const before of lines.slice(0, line - 1)) offset += before.length + 1
  return offset + column - 1
}

function wordAt(query: string, at: number): Place {
  const from = Math.max(0, Math.min(at, query.length))
  const word = /^[a-zA-Z0-9_:]+/.exec(query.slice(from))?.[0] ?? ''
  return { from, to: Math.min(query.length, from + Math.max(1, word.length)) }
}
