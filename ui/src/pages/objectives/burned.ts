// How fast a budget burned, step by step, and which labels say nothing of why.
import type { ObjectiveHistory } from '../../api/types'

/** So many times what the period allows, in each step; nothing where no event was. */
export function burned({ events, events_bad }: Pick<ObjectiveHistory, 'events' | 'events_bad'>, target: number): (number | null)[] {
  const allowed = 1 - target
  return events.map((all, at) => {
    const bad = events_bad[at]
    if (all === null || all <= 0 || bad === null || bad === undefined || allowed <= 0) return null
    return bad / all / allowed
  })
}

/**
 * Labels by which bad events are told from good ones: all of the bad share them, so they are no cause.
 * An expression that is more than a plain selection is not looked into.
 */
export function telling(exprs: Readonly<Record<string, string>>): ReadonlySet<string> {
  const own = labelsIn(exprs['bad'] ?? exprs['good'] ?? '')
  const all = labelsIn(exprs['total'] ?? '')
  return new Set([...own].filter((label) => !all.has(label)))
}

function labelsIn(expr: string): Set<string> {
  const inside = /\{([^{}]*)\}/.exec(expr)?.[1] ?? ''
  return new Set([...inside.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label ?? ''))
}
