import { describe, expect, test } from 'vitest'

import { counted, digits, percent, plain, quoted, say, sayRange, unbroken, unitOfMetric, whole } from './numbers'

const words = (text: string) => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ')

describe('numbers', () => {
  test('are said with three digits and their unit, as the program says them', () => {
    expect(words(say('bytes', 3.21 * 1024 ** 3))).toBe('3.21 GiB')
    expect(words(say('bytes', 0))).toBe('0 B')
    expect(words(say('bytes', 1024 * 1023.9))).toBe('1 MiB')
    expect(words(say('share', 0.75))).toBe('75 %')
    expect(words(say('count', 12_500))).toBe('12.5 k')
    expect(words(say('seconds', 0.25))).toBe('250 ms')
    expect(words(say('cores', 3.1))).toBe('3.1 cores')
    expect(words(say('cores', 1))).toBe('1 core')
  })

  test('of a range say their unit once, unless it changes', () => {
    expect(words(sayRange('cores', 1.51, 2.7))).toBe('1.51 – 2.7 cores')
    expect(words(sayRange('bytes', 765 * 1024 ** 2, 1.36 * 1024 ** 3))).toBe('765 MiB – 1.36 GiB')
    expect(words(sayRange('count', 15.1, 26.2))).toBe('15.1 – 26.2')
    expect(words(sayRange('count', 440, 2490))).toBe('440 – 2.49 k')
    expect(words(sayRange('share', 0.1, 0.2))).toBe('10 – 20 %')
  })

  test('that are none are unknown', () => {
    expect(say('bytes', null)).toBe('unknown')
    expect(say('bytes', Number.NaN)).toBe('unknown')
    expect(percent(undefined)).toBe('unknown')
  })

  test('lose zeros that say nothing, and only those', () => {
    expect(digits(10)).toBe('10')
    expect(digits(100)).toBe('100')
    expect(digits(1.5)).toBe('1.5')
    expect(digits(0)).toBe('0')
    expect([0.003, 0.000415, 0.00994, 0.00099, 1e-12].map((value) => digits(value))).toEqual(['0.003', '0.00042', '0.0099', '0.00099', '0'])
    expect(digits(1.22e292)).toBe('1.22e292')
  })

  test('on a scale have the decimals that tell its steps apart', () => {
    expect([0.005, 0.01, 0.015].map((value) => plain(value, 0.005))).toEqual(['0.005', '0.01', '0.015'])
    expect([0.9995, 1].map((value) => words(percent(value, 0.0005)))).toEqual(['99.95 %', '100 %'])
    expect([1000, 1250, 1500].map((value) => words(plain(value, 250)))).toEqual(['1 k', '1.25 k', '1.5 k'])
    expect(words(say('bytes', 1024 ** 3, 1024 ** 3))).toBe('1 GiB')
  })

  test('small and endless ones stay what they are', () => {
    expect(plain(0.000123)).toBe('0.000123')
    expect(plain(Number.POSITIVE_INFINITY)).toBe('+∞')
    expect(plain(Number.NaN)).toBe('NaN')
  })

  test('whole ones have their thousands apart', () => {
    expect(words(whole(14_523))).toBe('14 523')
    expect(words(whole(999))).toBe('999')
    expect(words(counted(1, 'target'))).toBe('1 target')
    expect(words(counted(0, 'target'))).toBe('0 targets')
  })
})

test('a number stays beside its unit, and only that', () => {
  expect(unbroken('at 89.5 %; 21 GiB of 480 GiB left, 3 and 19 May')).toBe(
    'at 89.5\u00a0%; 21\u00a0GiB of 480\u00a0GiB left, 3 and 19 May',
  )
})

test('a metric tells its unit by how its name ends', () => {
  expect(unitOfMetric('node_memory_MemFree_bytes', 'node_memory_MemFree_bytes')).toBe('bytes')
  expect(unitOfMetric(undefined, 'rate(node_network_receive_bytes_total[5m])')).toBe('bytes_per_second')
  expect(unitOfMetric('scrape_duration_seconds', 'scrape_duration_seconds')).toBe('seconds')
  expect(unitOfMetric('node_cpu_seconds_total', 'node_cpu_seconds_total')).toBe('count')
  expect(unitOfMetric('up', 'up')).toBe('count')
  expect(unitOfMetric('service:errors:ratio5m', 'service:errors:ratio5m')).toBe('share')
  expect(unitOfMetric('http_rations', 'http_rations')).toBe('count')
})

test('what a program quotes is quoted as people do', () => {
  expect(quoted('load test `a` of `b` began')).toBe('load test «a» of «b» began')
  expect(quoted('one ` alone')).toBe('one ` alone')
})
