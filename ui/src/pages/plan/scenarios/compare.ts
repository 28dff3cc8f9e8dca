// Outcomes of scenarios side by side: the same months, the same resources.
import type { DemandView, OutcomeView, ResourceOutcomeView, SpreadView } from '../../../api/types'

/** Half of what the program takes for a month: a twelfth of a year. */
const HALF_MONTH = (365.25 / 24) * 86_400_000

/** The calendar month, as its first moment in UTC, in the middle of which a month of a scenario lies. */
export function monthOf(end: number): number {
  const middle = new Date(end - HALF_MONTH)
  return Date.UTC(middle.getUTCFullYear(), middle.getUTCMonth(), 1)
}

/** Every month that some scenario has, in order. */
export function monthsOf(outcomes: readonly OutcomeView[]): number[] {
  return [...new Set(outcomes.flatMap(({ ends }) => ends.map(monthOf)))].toSorted((one, other) => one - other)
}

function placeOf({ ends }: OutcomeView, month: number): number {
  return ends.findIndex((end) => monthOf(end) === month)
}

/** Every resource that some scenario has, those that are reached first in front. */
export function resourcesOf(outcomes: readonly OutcomeView[]): { name: string; title: string }[] {
  const found = new Map<string, string>()
  for (const { resources } of outcomes) for (const { name, title } of resources) if (!found.has(name)) found.set(name, title)
  return [...found].map(([name, title]) => ({ name, title }))
}

export function resourceOf({ resources }: OutcomeView, name: string): ResourceOutcomeView | null {
  return resources.find((own) => own.name === name) ?? null
}

/** A resource at the end of a month; nothing where the scenario does not have that month. */
export function demandAt(outcome: OutcomeView, name: string, month: number): DemandView | null {
  return resourceOf(outcome, name)?.months[placeOf(outcome, month)] ?? null
}

export function costAt(outcome: OutcomeView, month: number): SpreadView | null {
  return outcome.cost[placeOf(outcome, month)] ?? null
}

/** All months together, in the middle. Tenths do not add up, so they are not added. */
export function costSum({ cost }: OutcomeView): number {
  return cost.reduce((sum, { p50 }) => sum + p50, 0)
}

/** In words, the month of that number; nothing where it never comes. */
export function monthNamed({ ends }: OutcomeView, number: number | null): string | null {
  const end = number === null ? undefined : ends[number]
  return end === undefined ? null : monthText(monthOf(end))
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Scenarios count in UTC. */
export function monthText(month: number): string {
  const then = new Date(month)
  return `${MONTHS[then.getUTCMonth()] ?? ''} ${then.getUTCFullYear()}`
}

/** A day of a scenario, in UTC as it was written. */
export function dayText(at: number): string {
  const day = new Date(at)
  return `${day.getUTCDate()} ${MONTHS[day.getUTCMonth()] ?? ''} ${day.getUTCFullYear()}`
}

export function moneyText(amount: number, money: string): string {
  const said = amount.toLocaleString('en-GB', { maximumFractionDigits: Math.abs(amount) < 100 ? 2 : 0 })
  return money === '' ? said : `${said}\u00a0${money}`
}
