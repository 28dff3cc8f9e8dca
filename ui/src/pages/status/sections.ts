// Makes readable sections of whatever the program says of itself, guided by how its names end.
import { say, whole } from '../../text/numbers'
import { momentFull, saySpan } from '../../text/time'

export type Fact = { name: string; value: string }
export type Section = { title: string; facts: Fact[] }

/** Milliseconds since 1970 that lie in this century. */
const MOMENT_MIN = 946_684_800_000
const MOMENT_MAX = 4_102_444_800_000

/** What people call it, where the name does not say that. */
const SAID: Readonly<Record<string, string>> = {
  memory_bytes: 'Memory held',
  started_at: 'Started',
  uptime_ms: 'Running for',
  listeners: 'Pages that listen',
  bytes_on_disk: 'On disk',
  blocks_quarantined: 'Damaged blocks set aside',
  poisoned: 'Refuses writes',
  place: 'Kept in',
  judges: 'Judges alerts',
  delivers: 'Delivers messages',
}
/** Nothing in these is good news. */
const NOTHING: Readonly<Record<string, string>> = { poisoned: 'no', trouble: 'none' }

/** What is said elsewhere on the page, and is left out here. */
const APART: ReadonlySet<string> = new Set(['troubles'])

export function sectionsOf(status: Readonly<Record<string, unknown>>): Section[] {
  const program: Section = { title: 'Program', facts: [] }
  const sections = [program]
  for (const [name, value] of Object.entries(status)) {
    if (APART.has(name)) continue
    if (Array.isArray(value) && value.some(isRecord)) {
      sections.push({ title: titled(name), facts: value.filter(isRecord).map(pairOf) })
    } else if (isRecord(value)) sections.push({ title: titled(name), facts: factsOf(value) })
    else program.facts.push({ name: titled(name), value: said(name, value) })
  }
  return sections.filter(({ facts }) => facts.length > 0)
}

function factsOf(record: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(record).flatMap(([name, value]) => {
    if (!isRecord(value)) return [{ name: titled(name), value: said(name, value) }]
    return factsOf(value).map((fact) => ({ name: `${titled(name)}, ${fact.name.toLowerCase()}`, value: fact.value }))
  })
}

/** A record of two texts is a name and what is said of it. */
function pairOf(record: Readonly<Record<string, unknown>>): Fact {
  const [name = '', value = ''] = Object.values(record).map(String)
  return { name, value }
}

function said(name: string, value: unknown): string {
  if (value === null || value === undefined) return NOTHING[name] ?? '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map((one) => said(name, one)).join(', ')
  if (typeof value !== 'number') return typeof value === 'object' ? JSON.stringify(value) : String(value)
  if (name.includes('bytes')) return say('bytes', value)
  if (name.endsWith('_ms')) return saySpan(value)
  if (value > MOMENT_MIN && value < MOMENT_MAX && Number.isInteger(value)) return momentFull(value)
  return Number.isInteger(value) ? whole(value) : say('count', value)
}

function titled(name: string): string {
  const own = SAID[name]
  if (own) return own
  const words = name.replace(/_ms$/, '').replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
