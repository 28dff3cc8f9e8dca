// Scenarios that are being written: kept in this browser only. What is to last lies in files, and files in git.

export type Draft = { name: string; text: string }

const KEY = 'plimsoll.scenarios'
/** More than anybody compares. */
export const DRAFTS_MAX = 12
/** As long as the program reads. */
export const TEXT_MAX = 256 * 1024

export const EXAMPLE: Draft = {
  name: 'growth.yaml',
  text: `name: Growth and the Q1 launch
start: ${firstOfNextMonth()}
months: 12
money: EUR
drivers:
  # now, and its growth a month from least to likeliest to most
  - {name: tenants, now: 1200, growth: 2%..3%..5%, noise: 1%}
launches:
  - name: Q1 launch
    probability: 80%
    date: ${firstOfNextMonth(1)}..${firstOfNextMonth(2)}
    ramp_months: 2
    raises: {tenants: 10%..25%}
deals:
  - {name: ACME, probability: 40%, date: ${firstOfNextMonth(2)}..${firstOfNextMonth(5)}, adds: {tenants: 300..500}}
resources:
  - name: connections
    title: database connections
    follows: tenants
    relation: held
    now: 106
    limit: 200
    target: 80%
    lead_time: 30d
    # what a month above the limit costs, and what can be bought against it
    over_month_cost: 4000
    step: {add: 100, cost_month: 120, cost_once: 300}
  - {name: archive, unit: bytes, relation: piled, growth: 4%..6%, now: 2TiB, limit: 6TiB}
`,
}

function firstOfNextMonth(more = 0): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1 + more, 1)).toISOString().slice(0, 10)
}

export function readDrafts(storage: Pick<Storage, 'getItem'>): Draft[] {
  try {
    const found: unknown = JSON.parse(storage.getItem(KEY) ?? '[]')
    return Array.isArray(found) ? found.filter(isDraft).slice(0, DRAFTS_MAX) : []
  } catch {
    return []
  }
}

/** Where nothing can be kept, drafts last as long as the page. */
export function writeDrafts(storage: Pick<Storage, 'setItem'>, drafts: readonly Draft[]): void {
  try {
    storage.setItem(KEY, JSON.stringify(drafts))
  } catch {
    // A full or forbidden storage takes nothing away from what is shown.
  }
}

function isDraft(value: unknown): value is Draft {
  const { name, text } = (value ?? {}) as Partial<Draft>
  return typeof name === 'string' && name !== '' && typeof text === 'string' && text.length <= TEXT_MAX
}

/** A name that no other has: `growth-2.yaml`. */
export function freeName(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted
  const [stem, end] = /\.[a-z]+$/.test(wanted) ? [wanted.replace(/\.[a-z]+$/, ''), wanted.slice(wanted.lastIndexOf('.'))] : [wanted, '']
  for (let number = 2; ; number += 1) {
    const name = `${stem}-${number}${end}`
    if (!taken.includes(name)) return name
  }
}

/** The line the program marks: it says `scenario:9:3` in front of what is wrong. */
export function markedLine(message: string): number | null {
  const found = /scenario:(\d+)/.exec(message)
  return found ? Number(found[1]) : null
}
