// What so many tenants need.
import type { Unit } from './index'

export type DriverTable = {
  at: number
  /** The driver of which the values are. */
  by: string
  values: number[]
  /** Each after the one it follows. */
  drivers: DriverColumn[]
}

export type DriverColumn = {
  name: string
  title: string
  unit: Unit
  follows: string | null
  relation: string
  source: string
  form: string | null
  why_not: string | null
  /** What to know of values beyond twice what is known, in a sentence. */
  beyond: string | null
  /** One for each value; nothing where nothing is known. */
  cells: (DriverCell | null)[]
}

/** Nine of ten such systems lie between; a guess lies beyond twice what is known. */
export type DriverCell = { low: number; mid: number; high: number; guess: boolean }
